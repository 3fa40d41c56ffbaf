/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one body behind all tiers: bytes passed a socket. Positions, turns, budgets, records.
 */
#pragma once

#include "buffer.h"
#include "counted.h"
#include "socket.h"

#define REPORT_BYTES (1u << 20) /* counted bytes are reported at least this often */
#define RECORDS_A_CALL 4        /* payload records of one call */

struct transfer {
	struct socket_view *view;
	struct call *call;
	struct caller caller;
	int ret;
	__u32 message_flags;
	__u32 direction;
	__u64 now_ns;
};

/* Takes a scratch that no nested or preempted program uses; *at is its key. */
static __always_inline struct scratch *scratch__claim(__u32 *at, const int tier)
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
	count(SPANWIRE_COUNT_RECORDS, 1);
	count(SPANWIRE_COUNT_NO_SCRATCH, 1);
	return NULL;
}

static __always_inline void scratch__release(struct scratch *scratch)
{
	barrier_var(scratch);
	scratch->busy = 0;
}

static __always_inline void data__fill(struct spanwire_data *data, struct socket_state *state,
				       const struct transfer *transfer)
{
	__builtin_memset(data, 0, sizeof(*data));
	data->header.type = SPANWIRE_RECORD_DATA;
	if (state->flags & STATE_DATAGRAM)
		data->header.flags = SPANWIRE_DATA_DATAGRAM;
	data->connection = state->id;
	data->time_ns = transfer->now_ns;
	data->turn = state->turn;
	data->pid = transfer->caller.pid;
	data->tid = transfer->caller.tid;
	data->context = transfer->caller.context;
	data->direction = transfer->direction;
	if (transfer->direction == SPANWIRE_RECEIVE)
		data->wait_us = transfer->view->wait_us;
}

/* What the other direction's calls have only counted goes out with this record. */
static __always_inline void data__add_prior(struct spanwire_data *data, struct flow *other)
{
	if (other->reported_offset >= other->end_offset)
		return;
	data->prior_offset = other->reported_offset;
	data->prior_length = other->end_offset - other->reported_offset;
	data->prior_end_ns = other->end_ns;
	data->prior_turn = other->turn;
}

static __always_inline bool data__output(void *data, __u32 size)
{
	count(SPANWIRE_COUNT_RECORDS, 1);
	if (bpf_ringbuf_output(&ring, data, size, BPF_RB_NO_WAKEUP)) {
		count(SPANWIRE_COUNT_RING_FULL, 1);
		return false;
	}
	return true;
}

/* An event without bytes: end of stream, an error. */
static __noinline int transfer__report_event(struct socket_state *state, struct transfer *transfer,
					     __u32 flags, __u32 error)
{
	struct spanwire_data data;
	struct flow *flow = &state->flow[transfer->direction & 1];
	struct flow *other = &state->flow[!transfer->direction];

	data__fill(&data, state, transfer);
	data.header.size = sizeof(data);
	data.header.flags |= flags;
	data.error = error;
	data.offset = flow->end_offset;
	data.sequence = flow->end_sequence;
	data__add_prior(&data, other);
	if (data__output(&data, sizeof(data)) && data.prior_length)
		other->reported_offset = data.prior_offset + data.prior_length;
	ring__wake();
	return 0;
}

/*
 * Sets the positions of a TCP socket from its own counters, so that they are right for a connection
 * that is older than the agent. The bytes of this call are part of what has passed already.
 */
static __always_inline void positions__start(struct socket_state *state, struct socket_view *view)
{
	for (int i = 0; i < 2; i++) {
		struct flow *flow = &state->flow[i];

		flow->end_sequence = view__sequence(view, i);
		flow->reported_offset = flow->end_offset;
	}
	state->flags |= STATE_STARTED;
}

/* Bytes that no hook saw (splice to a pipe, zero-copy receive) count as passed. */
static __always_inline void flow__catch_up(struct flow *flow, struct socket_state *state, __u32 sequence,
					   __u64 now_ns)
{
	__s32 unseen = sequence - flow->end_sequence;

	if (unseen <= 0)
		return;
	flow->end_offset += (__u32)unseen;
	flow->end_sequence = sequence;
	flow->end_ns = now_ns;
	flow->turn = state->turn;
}

static __always_inline void turn__begin(struct socket_state *state, struct transfer *transfer)
{
	state->turn++;
	state->direction = transfer->direction;
	if (state->policy_generation != control.policy_generation) {
		struct spanwire_policy *policy = bpf_map_lookup_elem(&policies, &state->id);

		state->policy_generation = control.policy_generation;
		if (policy) {
			state->budget[SPANWIRE_TRANSMIT] = policy->tx_bytes;
			state->budget[SPANWIRE_RECEIVE] = policy->rx_bytes;
			state->mode = policy->mode;
			if (policy->reopen != state->reopen)
				state->flags &= ~STATE_OPEN_SENT;
			state->reopen = policy->reopen;
		}
	}
	state->budget_left = state->budget[transfer->direction & 1];
}

static __always_inline __u32 buffers__flags(const struct transfer *transfer)
{
	__u64 number = transfer->call->number;

	if (transfer->call->foreign)
		return SPANWIRE_DATA_IO_URING;
	if (transfer->message_flags & MSG_TRUNC && transfer->direction == SPANWIRE_RECEIVE)
		return SPANWIRE_DATA_TRUNC;
	if (number == NR_sendfile || number == NR_splice)
		return SPANWIRE_DATA_NO_BUFFER;
	return 0;
}

struct emission {
	struct socket_state *state;
	struct transfer *transfer;
	__u64 begin;    /* offset of the call's first byte */
	__u32 sequence; /* of that byte */
	__u32 flags;    /* of the first record */
	__u32 want;     /* bytes to capture */
};

static __always_inline void emission__locate(struct emission *emission, struct scratch *scratch,
					     __u32 key)
{
	struct socket_state *state = emission->state;
	struct call *call = emission->transfer->call;
	__u64 vector = call->arg[1];
	__u64 hint = 0;
	__u32 index;

	__builtin_memset(&scratch->buffers, 0, sizeof(scratch->buffers));
	if (!emission->want || call->foreign)
		return;
	if (state->mmsg_vector == vector)
		hint = (__u64)state->mmsg_next << 32 | state->mmsg_length;
	index = scratch__locate(key, call->number, vector, call->arg[2], hint);
	if (call->number == NR_sendmmsg || call->number == NR_recvmmsg) {
		state->mmsg_vector = vector;
		state->mmsg_next = index + 1;
		state->mmsg_length = emission->transfer->ret;
	}
}

/* Sends the call's records; stops at the first that finds no room. */
static __always_inline void emission__send(struct emission *emission, struct scratch *scratch, __u32 key)
{
	struct socket_state *state = emission->state;
	struct transfer *transfer = emission->transfer;
	struct flow *other = &state->flow[!transfer->direction];
	__u32 total = transfer->ret, told = 0, left = emission->want;
	struct spanwire_data *data = &scratch->data;

	for (int i = 0; i < RECORDS_A_CALL; i++) {
		__u32 limit = left < SPANWIRE_MAX_PAYLOAD ? left : SPANWIRE_MAX_PAYLOAD;
		__u32 copied = 0;
		bool last;

		scratch->fault = 0;
		if (limit)
			copied = scratch__gather(key, limit);
		if (copied > SPANWIRE_MAX_PAYLOAD)
			break;
		left -= copied;
		last = copied < limit || !left || i == RECORDS_A_CALL - 1;
		data__fill(data, state, transfer);
		if (i == 0) {
			data->header.flags |= emission->flags;
			data__add_prior(data, other);
		}
		if (scratch->fault) {
			data->header.flags |= SPANWIRE_DATA_FAULT;
			count(SPANWIRE_COUNT_FAULTS, 1);
		}
		data->offset = emission->begin + told;
		data->sequence = emission->sequence + told;
		data->captured = copied;
		data->length = last ? total - told : copied;
		data->header.size = sizeof(*data) + copied;
		if (!data__output(data, sizeof(*data) + copied))
			break;
		if (data->prior_length)
			other->reported_offset = data->prior_offset + data->prior_length;
		told += data->length;
		count(SPANWIRE_COUNT_BYTES_CAPTURED, copied);
		if (last)
			break;
	}
}

/* One call passed bytes: moves positions and turns, sends records. */
static __always_inline int transfer__bytes(struct socket_state *state, struct transfer *transfer,
					   const int tier)
{
	struct emission emission = {.state = state, .transfer = transfer};
	struct socket_view *view = transfer->view;
	__u32 direction = transfer->direction & 1;
	struct flow *flow = &state->flow[direction];
	__u32 size = transfer->ret;
	struct scratch *scratch;
	bool starts;
	__u32 key;

	if (view->counted) {
		flow__catch_up(&state->flow[!direction], state, view__sequence(view, !direction),
			       transfer->now_ns);
		flow__catch_up(flow, state, view__sequence(view, direction) - size, transfer->now_ns);
	}
	starts = !state->turn || state->direction != direction || (state->flags & STATE_DATAGRAM);
	if (starts)
		turn__begin(state, transfer);
	if (state->mode == SPANWIRE_POLICY_IGNORE)
		return 0;
	emission.begin = flow->end_offset;
	emission.sequence = flow->end_sequence;
	flow->end_offset += size;
	flow->end_sequence += size;
	flow->end_ns = transfer->now_ns;
	flow->turn = state->turn;
	emission.flags = buffers__flags(transfer);
	if (state->mode == SPANWIRE_POLICY_BUDGET && !emission.flags)
		emission.want = size < state->budget_left ? size : state->budget_left;
	if (starts)
		emission.flags |= SPANWIRE_DATA_TURN_START;
	if (transfer->message_flags & MSG_OOB)
		emission.flags |= SPANWIRE_DATA_OOB;
	if (!emission.want && (!starts || state->mode == SPANWIRE_POLICY_COUNT)) {
		if (flow->end_offset - flow->reported_offset >= REPORT_BYTES)
			flow__report_counted(state, flow, flow->end_offset, direction);
		return 0;
	}
	if (flow->reported_offset < emission.begin)
		flow__report_counted(state, flow, emission.begin, direction);
	state->budget_left -= emission.want;
	scratch = scratch__claim(&key, tier);
	if (!scratch)
		return 0;
	emission__locate(&emission, scratch, key);
	emission__send(&emission, scratch, key);
	scratch__release(scratch);
	/* What could not be told stays a hole: it is not reported later as if it had been counted. */
	flow->reported_offset = flow->end_offset;
	ring__wake();
	return 0;
}

static __always_inline bool error__is_ordinary(int error)
{
	return error == EAGAIN || error == EINTR ||
	       (error >= ERESTARTSYS && error <= ERESTART_RESTARTBLOCK);
}

/* Says who is calling and that the connection exists. False: this call is not to be seen. */
static __always_inline bool transfer__introduce(struct socket_state *state, struct transfer *transfer)
{
	__u32 pid = transfer->caller.pid;

	if (state->last_pid != pid) {
		/* A kernel socket (NFS, a tunnel) has no file: nobody's request passes there. */
		if (!sock__inode(transfer->view->sk)) {
			state->mode = SPANWIRE_POLICY_IGNORE;
			return false;
		}
		state->last_pid = pid;
		if (pid == settings.self_pid)
			state->flags |= STATE_SELF;
		if (pid == settings.self_pid || process__arrived(pid))
			state->flags &= ~STATE_PID_HIDDEN;
		else
			state->flags |= STATE_PID_HIDDEN;
	}
	if (state->flags & STATE_PID_HIDDEN)
		return false;
	if (!(state->flags & STATE_OPEN_SENT)) {
		if (!connection__report(transfer->view->sk, state, SPANWIRE_CONN_OPEN,
					&transfer->caller))
			return false;
		state->flags |= STATE_OPEN_SENT;
	}
	return !(state->flags & STATE_SELF);
}

static __always_inline int transfer__run(struct socket_state *state, struct transfer *transfer,
					 const int tier)
{
	int ret = transfer->ret;

	if (state->mode == SPANWIRE_POLICY_IGNORE) {
		count(SPANWIRE_COUNT_IGNORED, 1);
		return 0;
	}
	if (ret < 0 && error__is_ordinary(-ret)) {
		state->mmsg_next = 0;
		return 0;
	}
	if (transfer->message_flags & (MSG_PEEK | MSG_ERRQUEUE)) {
		count(SPANWIRE_COUNT_PEEKS, 1);
		return 0;
	}
	if (!(state->flags & STATE_STARTED)) {
		if (ret > 0 && transfer->view->counted) /* counters include this call */
			state->flow[transfer->direction & 1].end_offset -= ret;
		positions__start(state, transfer->view);
		if (ret > 0 && transfer->view->counted)
			state->flow[transfer->direction & 1].end_sequence -= ret;
	}
	if (!transfer__introduce(state, transfer))
		return 0;
	if (ret < 0)
		return transfer__report_event(state, transfer, SPANWIRE_DATA_ERROR, -ret);
	if (ret == 0) {
		if (transfer->direction != SPANWIRE_RECEIVE || !transfer->view->receive_shut ||
		    state->flags & STATE_EOF_SENT)
			return 0;
		state->flags |= STATE_EOF_SENT;
		return transfer__report_event(state, transfer, SPANWIRE_DATA_EOF, 0);
	}
	count(SPANWIRE_COUNT_BYTES, ret);
	if (transfer->call->foreign)
		count(SPANWIRE_COUNT_IO_URING, 1);
	return transfer__bytes(state, transfer, tier);
}
