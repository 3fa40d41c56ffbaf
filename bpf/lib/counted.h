/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reporting bytes that earlier calls have only counted. */
#pragma once

#include "ring.h"

/* Tells user space of [reported_offset, end), none of it captured. */
static __noinline int flow__report_counted(struct socket_state *state, struct flow *flow, __u64 end,
					   __u32 direction)
{
	struct spanwire_data *record = ring__reserve(sizeof(*record));
	__u32 length = end - flow->reported_offset;

	if (!record)
		return 0;
	__builtin_memset(record, 0, sizeof(*record));
	record->header.type = SPANWIRE_RECORD_DATA;
	record->header.flags = SPANWIRE_DATA_SWEEP;
	record->header.size = sizeof(*record);
	record->connection = state->id;
	record->time_ns = flow->end_ns;
	record->offset = flow->reported_offset;
	record->length = length;
	record->turn = flow->turn;
	record->direction = direction;
	record->pid = state->last_pid;
	record->tid = state->last_pid;
	flow->reported_offset = end;
	ring__submit(record);
	return 0;
}

/* All of it, both directions. */
static __always_inline void state__report_counted(struct socket_state *state)
{
	for (__u32 direction = 0; direction < 2; direction++) {
		struct flow *flow = &state->flow[direction];

		if (flow->reported_offset < flow->end_offset)
			flow__report_counted(state, flow, flow->end_offset, direction);
	}
}
