/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where the bytes of a call lie in user memory, and copying them. The entry points are global
 * functions with scalar arguments: the verifier looks at each once, on its own.
 */
#pragma once

#include "maps.h"

static __always_inline bool scratch__copy(struct scratch *scratch, __u32 at, __u64 from, __u32 size)
{
	if (at > SPANWIRE_MAX_PAYLOAD || size > SPANWIRE_MAX_PAYLOAD)
		return false;
	return !bpf_probe_read_user(scratch->payload + at, size, (void *)from);
}

/* Takes what fits of one segment. 0: stop. */
__noinline __weak __u32 scratch__gather_segment(__u32 key)
{
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &key);
	struct buffers *buffers;
	struct iovec segment;
	__u32 at, room;
	__u64 left;

	if (!scratch)
		return 0;
	buffers = &scratch->buffers;
	at = scratch->filled;
	room = scratch->limit - at;
	if (at >= scratch->limit || buffers->index >= buffers->segments)
		return 0;
	if (bpf_probe_read_user(&segment, sizeof(segment),
				(void *)(buffers->base + buffers->index * sizeof(segment)))) {
		scratch->fault = 1;
		return 0;
	}
	left = segment.iov_len - buffers->skip;
	if (segment.iov_len < buffers->skip)
		left = 0;
	if (left < room)
		room = left;
	if (room && !scratch__copy(scratch, at, segment.iov_base + buffers->skip, room)) {
		scratch->fault = 1;
		return 0;
	}
	scratch->filled = at + room;
	if (room < left) {
		buffers->skip += room;
		return 0;
	}
	buffers->skip = 0;
	buffers->index++;
	return 1;
}

/*
 * Copies up to `limit` bytes from scratch->buffers into the payload of scratch `key` and moves on
 * in the buffers. Returns the bytes copied.
 */
__noinline __weak __u32 scratch__gather(__u32 key, __u32 limit)
{
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &key);

	if (!scratch || !scratch->buffers.base || limit > SPANWIRE_MAX_PAYLOAD)
		return 0;
	scratch->filled = 0;
	scratch->limit = limit;
	if (!scratch->buffers.segments) {
		if (!scratch__copy(scratch, 0, scratch->buffers.base + scratch->buffers.skip,
				   limit)) {
			scratch->fault = 1;
			return 0;
		}
		scratch->buffers.skip += limit;
		return limit;
	}
	for (int i = 0; i < SPANWIRE_MAX_SEGMENTS; i++) {
		if (!scratch__gather_segment(key))
			break;
	}
	return scratch->filled;
}

static __always_inline void buffers__from_msghdr(struct buffers *buffers, __u64 header)
{
	struct user_msghdr message;

	if (bpf_probe_read_user(&message, sizeof(message), (void *)header))
		return;
	buffers->segments = message.msg_iovlen;
	buffers->base = message.msg_iovlen ? message.msg_iov : 0;
}

/*
 * sendmmsg and recvmmsg report one message at a time and do not say which. The kernel stores each
 * message's length into the array before it does the next: message `index` is the present one if
 * its predecessor holds the `length` that we saw last.
 */
static __always_inline __u32 buffers__from_mmsg(struct buffers *buffers, __u64 vector, __u32 index,
						__u32 length)
{
	__u64 before = vector + (index - 1) * sizeof(struct mmsghdr);
	__u32 stored = 0;

	if (index) {
		bpf_probe_read_user(&stored, sizeof(stored),
				    (void *)(before + __builtin_offsetof(struct mmsghdr, msg_len)));
		if (stored != length)
			index = 0;
	}
	buffers__from_msghdr(buffers, vector + index * sizeof(struct mmsghdr));
	return index;
}

/*
 * Sets the buffers of scratch `key` from the arguments of the system call `number`. `hint`: for
 * mmsg calls, the expected message index (high half) and the length of the one before. Returns the
 * index.
 */
__noinline __weak __u32 scratch__locate(__u32 key, __u32 number, __u64 pointer, __u64 size,
					__u64 hint)
{
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &key);
	struct buffers *buffers;

	if (!scratch)
		return 0;
	buffers = &scratch->buffers;
	switch (number) {
	case NR_read:
	case NR_write:
	case NR_sendto:
	case NR_recvfrom:
		buffers->base = pointer;
		return 0;
	case NR_readv:
	case NR_writev:
	case NR_preadv2:
	case NR_pwritev2:
		buffers->segments = size;
		buffers->base = size ? pointer : 0;
		return 0;
	case NR_sendmsg:
	case NR_recvmsg:
		buffers__from_msghdr(buffers, pointer);
		return 0;
	case NR_sendmmsg:
	case NR_recvmmsg:
		return buffers__from_mmsg(buffers, pointer, (hint >> 32) < size ? hint >> 32 : 0,
					  hint);
	}
	return 0;
}

/* The registers of the system call in progress: number and arguments. */
struct call {
	__u64 number;
	__u64 arg[3];
	bool foreign; /* not a 64-bit system call of this socket: the arguments mean nothing here */
};
