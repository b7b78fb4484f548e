/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A summary as a mail: text and HTML, of which the reader's program shows one. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/plural.h"
#include "ctl/memory.h"
#include "ctl/summary.h"

/* Of a line of quoted-printable, without the line end. */
#define LINE_BYTES_MAX 76
#define ADDRESSES_BYTES_MAX 900
/* "=_" is no part of quoted-printable, so no line of a part begins with it. */
#define BOUNDARY "=_ipwl_summary"

bool summary_is_address(const char *text)
{
	const size_t bytes = strlen(text);

	if (!bytes || bytes > ADDRESSES_BYTES_MAX || *text == '-')
		return false;
	for (; *text; text++)
		if (!isgraph((unsigned char)*text) || strchr("\"()<>[]:;\\", *text))
			return false;
	return true;
}

/* ---- quoted-printable ------------------------------------------------------------ */

/* Whether a character may stand for itself. Spaces at the end of a line may not. */
static bool is_literal(const char *text)
{
	const unsigned char c = (unsigned char)*text;

	return (c > ' ' && c < 0x7f && c != '=') || (c == ' ' && text[1] && text[1] != '\n');
}

static void put_quoted(FILE *stream, const char *text)
{
	size_t column = 0;

	for (; *text; text++) {
		const size_t bytes = is_literal(text) ? 1 : 3;

		if (*text == '\n') {
			fputc('\n', stream);
			column = 0;
			continue;
		}
		/* Room for the "=" of a soft line break. */
		if (column + bytes > LINE_BYTES_MAX - 1) {
			fputs("=\n", stream);
			column = 0;
		}
		if (bytes == 1)
			fputc(*text, stream);
		else
			fprintf(stream, "=%02X", (unsigned int)(unsigned char)*text);
		column += bytes;
	}
}

/* ---- parts ------------------------------------------------------------------------- */

static void put_part(FILE *stream, const char *type, const json_t *summary, bool is_html)
{
	char *text = NULL;
	size_t size;
	FILE *memory = ctl_allocated(open_memstream(&text, &size));
	struct writer writer;

	if (is_html) {
		summary_write_html(memory, summary);
	} else {
		writer_begin(&writer, memory, false);
		summary_write(&writer, summary);
		writer_end(&writer);
	}
	if (fclose(memory))
		ctl_allocated(NULL);
	fprintf(stream,
		"\n--" BOUNDARY "\nContent-Type: %s; charset=utf-8\n"
		"Content-Transfer-Encoding: quoted-printable\n\n",
		type);
	put_quoted(stream, text);
	free(text);
}

/* Only what a header may contain as it is. */
static void put_word(FILE *stream, const char *text)
{
	for (; *text; text++)
		fputc(isgraph((unsigned char)*text) ? *text : '?', stream);
}

static void put_subject(FILE *stream, const json_t *summary)
{
	const char *level = summary_text(summary, "health.level");

	fputs("Subject: ", stream);
	if (strcmp(level, "OK") != 0) {
		put_word(stream, level);
		fputs(": ", stream);
	}
	fputs("ipwl on ", stream);
	put_word(stream, summary_text(summary, "host"));
	if (json_is_object(json_object_get(summary, "attempts")))
		fprintf(stream, ": %lld averted, %lld dropped",
			(long long)summary_number(summary, "attempts.attempts_by_verdict.averted"),
			(long long)summary_number(summary, "attempts.attempts_by_verdict.block"));
	fputc('\n', stream);
}

void summary_write_mail(FILE *stream, const json_t *summary, const char *to)
{
	const time_t now = time(NULL);
	char date[64] = "";
	struct tm tm;

	/* The locale's names of days are those of C. */
	if (gmtime_r(&now, &tm))
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	fprintf(stream, "To: %s\nDate: %s\n", to, date);
	put_subject(stream, summary);
	fputs("MIME-Version: 1.0\nAuto-Submitted: auto-generated\n"
	      "Content-Type: multipart/alternative; boundary=\"" BOUNDARY "\"\n",
	      stream);
	put_part(stream, "text/plain", summary, false);
	put_part(stream, "text/html", summary, true);
	fputs("\n--" BOUNDARY "--\n", stream);
}
