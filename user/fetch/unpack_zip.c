/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory of a zip archive is at its end, and what is before it need not agree with it. So
 * an archive is kept until it is complete, and libzip reads it.
 */
#include "fetch/unpack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

static int start(struct body *body)
{
	body->zip.data = NULL;
	body->zip.bytes = body->zip.room = 0;
	return 0;
}

static int add(struct body *body, const void *data, size_t bytes)
{
	if (body->zip.room - body->zip.bytes < bytes) {
		const size_t room = 2 * (body->zip.bytes + bytes);
		unsigned char *grown = realloc(body->zip.data, room);

		if (!grown)
			return unpack_fail(body, "there is not enough memory for its zip data");
		body->zip.data = grown;
		body->zip.room = room;
	}
	memcpy(body->zip.data + body->zip.bytes, data, bytes);
	body->zip.bytes += bytes;
	return 0;
}

/* Find the file of the archive. Directories do not count. */
static int find_file(struct body *body, zip_t *archive, zip_uint64_t *file)
{
	const zip_int64_t count = zip_get_num_entries(archive, 0);
	int files = 0;

	*file = 0;
	for (zip_int64_t i = 0; i < count; i++) {
		const char *name = zip_get_name(archive, (zip_uint64_t)i, ZIP_FL_ENC_RAW);

		if (!name || !*name || name[strlen(name) - 1] == '/')
			continue;
		*file = (zip_uint64_t)i;
		files++;
	}
	if (files == 1)
		return 0;
	return unpack_fail(body, "its zip archive has %s",
			   files ? "more than one file: only one is expected" : "no file");
}

static int unpack(struct body *body, zip_file_t *file)
{
	unsigned char piece[UNPACK_PIECE_BYTES];
	zip_int64_t count;

	while ((count = zip_fread(file, piece, sizeof(piece))) > 0) {
		if (unpack_put(body, piece, (size_t)count))
			return -EINVAL;
	}
	return count ? unpack_fail(body, "its zip data is damaged: %s", zip_file_strerror(file))
		     : 0;
}

static int unpack_file(struct body *body, zip_t *archive)
{
	zip_uint64_t place;
	zip_file_t *file;
	int err;

	if (find_file(body, archive, &place))
		return -EINVAL;
	file = zip_fopen_index(archive, place, 0);
	if (!file)
		return unpack_fail(body, "its zip archive cannot be unpacked: %s",
				   zip_strerror(archive));
	err = unpack(body, file);
	zip_fclose(file);
	return err;
}

static int finish(struct body *body)
{
	zip_error_t error;
	zip_source_t *source;
	zip_t *archive;
	int err;

	zip_error_init(&error);
	source = zip_source_buffer_create(body->zip.data, body->zip.bytes, 0, &error);
	archive = source ? zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error) : NULL;
	if (!archive) {
		err = unpack_fail(body, "its zip archive is truncated or damaged: %s",
				  zip_error_strerror(&error));
		zip_source_free(source);
	} else {
		err = unpack_file(body, archive);
		zip_discard(archive);
	}
	zip_error_fini(&error);
	return err;
}

static void done(struct body *body)
{
	free(body->zip.data);
}

const struct unpacker unpack_zip = {
	.signature = "PK\3\4",
	.signature_bytes = 4,
	.start = start,
	.add = add,
	.finish = finish,
	.done = done,
};
