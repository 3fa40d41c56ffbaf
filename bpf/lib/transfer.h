/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one body behind all tiers: bytes passed a socket. Positions, turns, budgets.
 */
#pragma once

#include "emit.h"

#define WIDE_TURNS 32 /* answering turns captured as a whole after several requests at once */
#define REPORT_BYTES (1u << 20) /* counted bytes are reported at least this often */

/* An event without bytes: end of stream, an error. */
static __noinline int transfer__report_event(struct socket_state *state, struct transfer *transfer,
					     __u32 flags, __u32 error)
{
	struct spanwire_data data;
	__u32 direction = transfer->direction & 1;
	struct flow *flow = &state->flow[direction];

	if (flow->reported_offset < flow->end_offset)
		flow__report_counted(state, flow, flow->end_offset, direction);
	data__fill(&data, state, transfer, flow->end_offset, flow->end_sequence);
	data.header.size = sizeof(data);
	data.header.flags |= flags;
	data.error = error;
	data__add_prior(&data, &state->flow[!direction]);
	count(SPANWIRE_COUNT_RECORDS, 1);
	if (bpf_ringbuf_output(&ring, &data, sizeof(data), BPF_RB_NO_WAKEUP))
		count(SPANWIRE_COUNT_RING_FULL, 1);
	else
		data__prior_told(&data, &state->flow[!direction]);
	ring__wake();
	return 0;
}

/* Bytes that no hook saw (splice to a pipe, zero-copy receive) count as passed. */
static __always_inline bool flow__catch_up(struct flow *flow, struct socket_state *state,
					   __u32 sequence, __u64 now_ns)
{
	__s32 unseen = sequence - flow->end_sequence;

	if (unseen <= 0)
		return false;
	flow->end_offset += (__u32)unseen;
	flow->end_sequence = sequence;
	flow->end_ns = now_ns;
	flow->turn = state->turn;
	return true;
}

/* The other direction had a turn that no hook saw: without it two turns would look like one. */
static __always_inline void turn__add_unseen(struct socket_state *state, struct flow *other,
					     __u32 direction)
{
	if (!state->turn || state->direction != direction)
		return;
	other->turn = ++state->turn;
	state->direction = !direction;
}

static __always_inline void policy__refresh(struct socket_state *state)
{
	struct spanwire_policy *policy = bpf_map_lookup_elem(&policies, &state->id);

	state->policy_generation = control.policy_generation;
	if (!policy)
		return;
	state->budget[SPANWIRE_TRANSMIT] = policy->tx_bytes;
	state->budget[SPANWIRE_RECEIVE] = policy->rx_bytes;
	state->call_budget[SPANWIRE_TRANSMIT] = policy->tx_call_bytes;
	state->call_budget[SPANWIRE_RECEIVE] = policy->rx_call_bytes;
	state->single_bytes = policy->single_bytes;
	state->mode = policy->mode;
	if (policy->reopen != state->reopen)
		state->flags &= ~STATE_OPEN_SENT;
	state->reopen = policy->reopen;
}

/*
 * An answering turn. When the turn before may have asked more than once, the heads of the answers
 * lie anywhere, in this turn and in some that follow.
 */
static __always_inline void turn__widen(struct socket_state *state)
{
	if (state->turn_calls > 1 || state->turn_bytes > state->single_bytes)
		state->wide_turns = WIDE_TURNS;
	else if (state->wide_turns)
		state->wide_turns--;
	if (state->wide_turns)
		state->call_left = state->budget_left;
}

static __always_inline void turn__begin(struct socket_state *state, __u32 direction)
{
	state->turn++;
	state->direction = direction;
	if (state->policy_generation != control.policy_generation)
		policy__refresh(state);
	state->budget_left = state->budget[direction];
	state->call_left = state->call_budget[direction];
	if (state->call_left < state->budget_left)
		turn__widen(state);
	state->turn_calls = 0;
	state->turn_bytes = 0;
}

/*
 * This call's bytes are only counted. User space hears of them now and then, and at once when the
 * socket has no counters of its own: nothing tells the end of a UNIX connection, or how much
 * passed.
 */
static __always_inline int flow__counted(struct socket_state *state, struct flow *flow,
					 __u32 direction)
{
	__u64 told = flow->reported_offset;

	if (flow->end_offset - told >= REPORT_BYTES ||
	    (!(state->flags & STATE_COUNTED) && state->mode == SPANWIRE_POLICY_BUDGET))
		flow__report_counted(state, flow, flow->end_offset, direction);
	return 0;
}

static __always_inline void flow__move(struct flow *flow, struct socket_state *state,
				       const struct transfer *transfer)
{
	__u32 size = transfer->ret;

	flow->end_ns = transfer->now_ns;
	flow->turn = state->turn;
	state->turn_calls++;
	state->turn_bytes += size;
	flow->end_sequence += size;
	barrier();
	flow->end_offset += size;
}

/*
 * Decides what to capture of this call. False: nothing is to be said of it now, its bytes are only
 * counted.
 */
static __always_inline bool emission__decide(struct emission *emission, struct socket_state *state,
					     struct transfer *transfer, bool starts, const int tier)
{
	__u32 size = transfer->ret;

	if (state->mode == SPANWIRE_POLICY_COUNT)
		return false;
	emission->want = size < state->budget_left ? size : state->budget_left;
	if (emission->want > state->call_left)
		emission->want = state->call_left;
	if (!emission->want && !starts)
		return false;
	transfer__read_call(transfer, tier);
	emission->flags = call__flags(transfer);
	if (emission->flags) { /* the bytes are not where we could read them */
		emission->want = 0;
		if (!starts)
			return false;
	}
	if (starts)
		emission->flags |= SPANWIRE_DATA_TURN_START;
	if (transfer->message_flags & MSG_OOB)
		emission->flags |= SPANWIRE_DATA_OOB;
	return true;
}

/* One call passed bytes: moves positions and turns, sends records. */
static __always_inline int transfer__bytes(struct socket_state *state, struct transfer *transfer,
					   const int tier)
{
	struct socket_view *view = transfer->view;
	__u32 direction = transfer->direction & 1;
	struct flow *flow = &state->flow[direction];
	struct emission emission = {};
	__u32 size = transfer->ret;
	bool starts;

	if (state->flags & STATE_COUNTED) {
		struct flow *other = &state->flow[!direction];

		if (flow__catch_up(other, state, view__sequence(view, !direction),
				   transfer->now_ns))
			turn__add_unseen(state, other, direction);
		flow__catch_up(flow, state, view__sequence(view, direction) - size,
			       transfer->now_ns);
	}
	starts = !state->turn || state->direction != direction || (state->flags & STATE_DATAGRAM);
	if (starts) {
		turn__begin(state, direction);
		if (state->mode == SPANWIRE_POLICY_IGNORE)
			return 0;
	}
	if (!emission__decide(&emission, state, transfer, starts, tier)) {
		flow__move(flow, state, transfer);
		return flow__counted(state, flow, direction);
	}
	emission.begin = flow->end_offset;
	emission.sequence = flow->end_sequence;
	if (flow->reported_offset < emission.begin)
		flow__report_counted(state, flow, emission.begin, direction);
	/*
	 * Reported before it has passed: whoever reports counted bytes meanwhile, in interrupt
	 * context or for the other direction, must not report these. What then finds no room in the
	 * ring stays a hole.
	 */
	flow->reported_offset = emission.begin + size;
	barrier();
	flow__move(flow, state, transfer);
	state->budget_left -= emission.want;
	emission__send(&emission, state, transfer, tier);
	ring__wake();
	return 0;
}

static __always_inline bool error__is_ordinary(int error)
{
	return error == EAGAIN || error == EINTR ||
	       (error >= ERESTARTSYS && error <= ERESTART_RESTARTBLOCK);
}

/*
 * Another process than last time, or a connection that user space has not heard of: says who is
 * calling and that the connection exists. False: this call is not to be seen.
 */
static __noinline bool transfer__introduce(struct socket_state *state, struct transfer *transfer)
{
	__u32 pid = transfer->caller.pid;

	if (state->last_pid != pid) {
		/* A kernel socket (NFS, a tunnel) has no file: nobody's request passes there. */
		if (!sock__inode(transfer->view->sk)) {
			state->mode = SPANWIRE_POLICY_IGNORE;
			return false;
		}
		state->last_pid = pid;
		if (process__is_own(pid))
			state->flags |= STATE_SELF;
		if (process__is_own(pid) || process__arrived(pid))
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
	return true;
}

/*
 * Where the stream stands when it is first seen. `end_offset` was set from the socket's counters,
 * which include this call.
 */
static __always_inline void positions__start(struct socket_state *state, struct transfer *transfer)
{
	__u32 direction = transfer->direction & 1;
	__u32 counted = transfer->ret > 0 ? transfer->ret : 0;

	state->flags |= STATE_STARTED;
	if (!(state->flags & STATE_HANDSHAKE))
		state->flags |= STATE_JOINED;
	if (!(state->flags & STATE_COUNTED))
		return;
	for (int i = 0; i < 2; i++) {
		struct flow *flow = &state->flow[i];

		flow->end_sequence = view__sequence(transfer->view, i);
		flow->reported_offset = flow->end_offset;
	}
	state->flow[direction].end_offset -= counted;
	state->flow[direction].end_sequence -= counted;
	state->flow[direction].reported_offset -= counted;
}

static __always_inline int transfer__run(struct socket_state *state, struct transfer *transfer,
					 const int tier)
{
	struct counters *mine = counters__mine();
	int ret = transfer->ret;

	if (!mine)
		return 0;
	transfer->counters = mine;
	mine->value[SPANWIRE_COUNT_HOOK_RUNS]++;
	if (transfer->message_flags & (MSG_PEEK | MSG_ERRQUEUE)) {
		mine->value[SPANWIRE_COUNT_PEEKS]++;
		return 0;
	}
	if (state->last_pid != transfer->caller.pid || !(state->flags & STATE_OPEN_SENT)) {
		if (!transfer__introduce(state, transfer))
			return 0;
	}
	if (state->flags & (STATE_SELF | STATE_PID_HIDDEN))
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
	mine->value[SPANWIRE_COUNT_BYTES] += ret;
	return transfer__bytes(state, transfer, tier);
}
