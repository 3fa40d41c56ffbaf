/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The records of one call. Small captures from one buffer, nearly all of them, are copied from user
 * memory straight into the ring; the rest is put together in a scratch and copied from there.
 */
#pragma once

#include "buffer.h"
#include "counted.h"
#include "socket.h"

#define RECORDS_A_CALL 64 /* payload records of one call: 1 MiB */

struct transfer {
	struct socket_view *view;
	struct counters *counters;
	struct call call; /* valid after transfer__read_call() */
	struct caller caller;
	int ret;
	__u32 message_flags;
	__u32 direction;
	__u64 now_ns;
};

struct emission {
	__u64 begin;    /* offset of the call's first byte */
	__u32 sequence; /* of that byte */
	__u32 flags;    /* of the first record */
	__u32 want;     /* bytes to capture */
};

/* A task with an io_uring may run its requests on the way out of any system call. */
static __noinline bool call__is_of(struct call *call, void *sk)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct file **files = BPF_CORE_READ(task, files, fdt, fd);
	struct file *file = NULL;
	struct socket *socket;

	if (call->number > NR_pwritev2 || call->arg[0] >= BPF_CORE_READ(task, files, fdt, max_fds))
		return false;
	bpf_probe_read_kernel(&file, sizeof(file), &files[call->arg[0]]);
	if (!file)
		return false;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk) == sk;
}

/* Tier 3 knows its call; the others look at the registers that the task entered the kernel with. */
static __always_inline void transfer__read_call(struct transfer *transfer, const int tier)
{
	struct call *call = &transfer->call;
	struct task_struct *task;
	struct pt_regs *regs;

	if (tier == 3)
		return;
	task = bpf_get_current_task_btf();
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	call->number = regs->orig_ax;
	call->arg[0] = regs->di;
	call->arg[1] = regs->si;
	call->arg[2] = regs->dx;
	call->foreign = task->thread_info.status & TS_COMPAT || task->flags & PF_IO_WORKER;
	if (task->io_uring && !call->foreign)
		call->foreign = !call__is_of(call, transfer->view->sk);
	if (call->foreign)
		transfer->counters->value[SPANWIRE_COUNT_IO_URING]++;
}

/* Why the call's bytes cannot be read, 0 when they can. */
static __always_inline __u32 call__flags(const struct transfer *transfer)
{
	__u64 number = transfer->call.number;

	if (transfer->call.foreign)
		return SPANWIRE_DATA_IO_URING;
	if (transfer->message_flags & MSG_TRUNC && transfer->direction == SPANWIRE_RECEIVE)
		return SPANWIRE_DATA_TRUNC;
	if (number == NR_sendfile || number == NR_splice)
		return SPANWIRE_DATA_NO_BUFFER;
	return 0;
}

static __always_inline void data__fill(struct spanwire_data *data, const struct socket_state *state,
				       const struct transfer *transfer, __u64 offset,
				       __u32 sequence)
{
	data->header.type = SPANWIRE_RECORD_DATA;
	data->header.flags = state->flags & STATE_DATAGRAM ? SPANWIRE_DATA_DATAGRAM : 0;
	data->connection = state->id;
	data->time_ns = transfer->now_ns;
	data->offset = offset;
	data->length = 0;
	data->captured = 0;
	data->turn = state->turn;
	data->sequence = sequence;
	data->pid = transfer->caller.pid;
	data->tid = transfer->caller.tid;
	data->context = transfer->caller.context;
	data->wait_us = transfer->direction == SPANWIRE_RECEIVE ? transfer->view->wait_us
								: transfer->view->took_us;
	data->error = 0;
	data->direction = transfer->direction;
	data->reserved = 0;
	data->prior_end_ns = 0;
	data->prior_offset = 0;
	data->prior_length = 0;
	data->prior_turn = 0;
}

/* What the other direction's calls have only counted goes out with this record. */
static __always_inline void data__add_prior(struct spanwire_data *data, const struct flow *other)
{
	if (other->reported_offset >= other->end_offset)
		return;
	data->prior_offset = other->reported_offset;
	data->prior_length = other->end_offset - other->reported_offset;
	data->prior_end_ns = other->end_ns;
	data->prior_turn = other->turn;
}

static __always_inline void data__prior_told(const struct spanwire_data *data, struct flow *other)
{
	if (data->prior_length)
		other->reported_offset = data->prior_offset + data->prior_length;
}

/* The address of the call's bytes when the `want` first of them lie in one buffer, else 0. */
static __always_inline __u64 call__buffer(const struct call *call, __u32 want)
{
	__u64 vector = call->arg[1];
	struct iovec first;

	switch (call->number) {
	case NR_read:
	case NR_write:
	case NR_sendto:
	case NR_recvfrom:
		return vector;
	case NR_sendmsg:
	case NR_recvmsg:
		if (bpf_probe_read_user(
			    &vector, sizeof(vector),
			    (void *)(vector + __builtin_offsetof(struct user_msghdr, msg_iov))))
			return 0;
		break;
	case NR_readv:
	case NR_writev:
		break;
	default:
		return 0;
	}
	if (bpf_probe_read_user(&first, sizeof(first), (void *)vector) || first.iov_len < want)
		return 0;
	return first.iov_base;
}

/* One record of fixed room, read from user memory in place. The ring's room beyond `want` is
 * unused. */
static __always_inline void emission__send_small(const struct emission *emission,
						 struct socket_state *state,
						 struct transfer *transfer, __u64 from,
						 const __u32 room)
{
	__u32 direction = transfer->direction & 1;
	struct counters *counters = transfer->counters;
	__u32 want = emission->want;
	struct spanwire_data *data;

	counters->value[SPANWIRE_COUNT_RECORDS]++;
	data = bpf_ringbuf_reserve(&ring, sizeof(*data) + room, 0);
	if (!data) {
		counters->value[SPANWIRE_COUNT_RING_FULL]++;
		return;
	}
	data__fill(data, state, transfer, emission->begin, emission->sequence);
	data->header.flags |= emission->flags;
	data__add_prior(data, &state->flow[!direction]);
	data__prior_told(data, &state->flow[!direction]);
	/* By hand: the compiler compares one register and passes its copy, which the verifier of
	 * Linux 6.1 does not see bounded.
	 */
	asm volatile("if %[want] <= %[room] goto +1\n\t%[want] = %[room]"
		     : [want] "+r"(want)
		     : [room] "i"(room));
	if (want && bpf_probe_read_user(data + 1, want, (void *)from)) {
		want = 0;
		data->header.flags |= SPANWIRE_DATA_FAULT;
		counters->value[SPANWIRE_COUNT_FAULTS]++;
	}
	data->captured = want;
	data->length = transfer->ret;
	data->header.size = sizeof(*data) + want;
	counters->value[SPANWIRE_COUNT_BYTES_CAPTURED] += want;
	bpf_ringbuf_submit(data, BPF_RB_NO_WAKEUP);
}

/* Takes a scratch that no nested or preempted program uses; *at is its key. */
static __always_inline struct scratch *scratch__claim(struct counters *counters, __u32 *at,
						      const int tier)
{
	__u32 first = bpf_get_smp_processor_id() * SPANWIRE_SCRATCH_SLOTS;

	for (int i = 0; i < SPANWIRE_SCRATCH_SLOTS; i++) {
		__u32 key = first + i;
		struct scratch *scratch = bpf_map_lookup_elem(&scratches, &key);

		*at = key;
		if (!scratch)
			break;
		if (tier == 3) { /* Linux 5.10 has no atomic exchange; there preemption is off */
			if (!scratch->busy) {
				scratch->busy = 1;
				return scratch;
			}
		} else if (!__sync_lock_test_and_set(&scratch->busy, 1)) {
			return scratch;
		}
	}
	counters->value[SPANWIRE_COUNT_RECORDS]++;
	counters->value[SPANWIRE_COUNT_NO_SCRATCH]++;
	return NULL;
}

static __always_inline void scratch__release(struct scratch *scratch)
{
	barrier_var(scratch);
	scratch->busy = 0;
}

static __always_inline void emission__locate(const struct call *call, struct socket_state *state,
					     struct scratch *scratch, __u32 key, int ret)
{
	__u64 vector = call->arg[1];
	__u64 hint = 0;
	__u32 index;

	__builtin_memset(&scratch->buffers, 0, sizeof(scratch->buffers));
	if (state->mmsg_vector == vector)
		hint = (__u64)state->mmsg_next << 32 | state->mmsg_length;
	index = scratch__locate(key, call->number, vector, call->arg[2], hint);
	if (call->number == NR_sendmmsg || call->number == NR_recvmmsg) {
		state->mmsg_vector = vector;
		state->mmsg_next = index + 1;
		state->mmsg_length = ret;
	}
}

enum { EMIT_LOST = 0, EMIT_MORE = 1, EMIT_DONE = 2 };

/*
 * Sends the next record of scratch `key`: scratch->data is its header, scratch->left bytes are
 * still to be captured, scratch->total still to be told of. A global function: verified once, for
 * any number of records.
 */
__noinline __weak __u32 scratch__emit(__u32 key)
{
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &key);
	__u32 limit, copied, last;
	struct spanwire_data *data;

	if (!scratch)
		return EMIT_LOST;
	data = &scratch->data;
	limit = scratch->left < SPANWIRE_MAX_PAYLOAD ? scratch->left : SPANWIRE_MAX_PAYLOAD;
	scratch->fault = 0;
	copied = scratch__gather(key, limit);
	if (copied > SPANWIRE_MAX_PAYLOAD)
		return EMIT_LOST;
	scratch->left -= copied;
	last = copied < limit || !scratch->left || !--scratch->records;
	if (scratch->fault) {
		data->header.flags |= SPANWIRE_DATA_FAULT;
		count(SPANWIRE_COUNT_FAULTS, 1);
	}
	data->captured = copied;
	data->length = last ? scratch->total : copied;
	data->header.size = sizeof(*data) + copied;
	count(SPANWIRE_COUNT_RECORDS, 1);
	if (bpf_ringbuf_output(&ring, data, sizeof(*data) + copied, BPF_RB_NO_WAKEUP)) {
		count(SPANWIRE_COUNT_RING_FULL, 1);
		return EMIT_LOST;
	}
	count(SPANWIRE_COUNT_BYTES_CAPTURED, copied);
	if (last)
		return EMIT_DONE;
	scratch->total -= copied;
	data->offset += copied;
	data->sequence += copied;
	data->header.flags &= SPANWIRE_DATA_DATAGRAM;
	data->prior_length = 0;
	if (data->direction == SPANWIRE_TRANSMIT) /* of the call's first byte only */
		data->wait_us = 0;
	return EMIT_MORE;
}

/* Up to RECORDS_A_CALL records by way of a scratch; stops at the first that finds no room. */
static __always_inline void emission__send_large(struct emission *emission,
						 struct socket_state *state,
						 struct transfer *transfer, struct scratch *scratch,
						 __u32 key)
{
	struct flow *other = &state->flow[!(transfer->direction & 1)];
	struct spanwire_data *data = &scratch->data;
	__u64 prior_told;

	scratch->left = emission->want;
	scratch->total = transfer->ret;
	scratch->records = RECORDS_A_CALL;
	data__fill(data, state, transfer, emission->begin, emission->sequence);
	data->header.flags |= emission->flags;
	data__add_prior(data, other);
	prior_told = data->prior_length ? data->prior_offset + data->prior_length : 0;
	for (int i = 0; i < RECORDS_A_CALL; i++) {
		__u32 outcome = scratch__emit(key);

		if (outcome != EMIT_LOST && prior_told && !i)
			other->reported_offset = prior_told;
		if (outcome != EMIT_MORE)
			break;
	}
}

static __always_inline void emission__send(struct emission *emission, struct socket_state *state,
					   struct transfer *transfer, const int tier)
{
	__u32 want = emission->want;
	struct scratch *scratch;
	__u64 from = 0;
	__u32 key;

	if (want && want <= 512)
		from = call__buffer(&transfer->call, want);
	if (!want || (from && want <= 128))
		return emission__send_small(emission, state, transfer, from, 128);
	if (from)
		return emission__send_small(emission, state, transfer, from, 512);
	scratch = scratch__claim(transfer->counters, &key, tier);
	if (!scratch)
		return;
	emission__locate(&transfer->call, state, scratch, key, transfer->ret);
	emission__send_large(emission, state, transfer, scratch, key);
	scratch__release(scratch);
}
