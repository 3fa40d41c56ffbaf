/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waking the reader, and records of fixed size. */
#pragma once

#include "maps.h"

/*
 * Called after a record was committed. A reader that waits is woken at once; one that sleeps for a
 * batch only when the ring fills; a busy one never. Records are committed without a wake-up and the
 * state is read afterwards, the reader sets the state and then looks at the ring: one of the two
 * sees the other.
 */
static __always_inline void ring__wake(void)
{
	__u32 state = control.reader_state;
	void *token;

	if (state == SPANWIRE_READER_BUSY)
		return;
	if (state == SPANWIRE_READER_BATCHING &&
	    bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) < control.wake_bytes)
		return;
	control.reader_state = SPANWIRE_READER_BUSY;
	token = bpf_ringbuf_reserve(&ring, 8, 0);
	if (token)
		bpf_ringbuf_discard(token, BPF_RB_FORCE_WAKEUP);
}

static __always_inline void *ring__reserve(__u64 size)
{
	void *record = bpf_ringbuf_reserve(&ring, size, 0);

	count(SPANWIRE_COUNT_RECORDS, 1);
	if (!record)
		count(SPANWIRE_COUNT_RING_FULL, 1);
	return record;
}

static __always_inline void ring__submit(void *record)
{
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	ring__wake();
}
