/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frees answers. */
#include "dns/answer.h"

#include <stdlib.h>

void dns_answer_done(struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->item_count; i++)
		free(answer->items[i].text);
	free(answer->items);
	*answer = (struct dns_answer) { .status = DNS_ANSWER_FAILED };
}
