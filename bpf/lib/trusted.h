/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tiers 1 and 2: the hook hands over the sock itself; its state lives in the socket's own storage.
 */
#pragma once

#include "transfer.h"

static __always_inline struct tcp_sock *sock__tcp(struct sock *sk)
{
	return (struct tcp_sock *)bpf_skc_to_tcp_sock(sk);
}

/*
 * Where a TCP stream stands by the socket's own 64-bit counters. bytes_acked counts the SYN of the
 * end that connected; which end that was is not known of a socket older than the agent, so that the
 * transmit offset of such a client is one too high for its whole life: consistent, and harmless.
 */
static __always_inline void state__read_offsets(struct socket_state *state, struct sock *sk,
						struct tcp_sock *tcp)
{
	struct flow *transmit = &state->flow[SPANWIRE_TRANSMIT];
	struct flow *receive = &state->flow[SPANWIRE_RECEIVE];

	transmit->end_offset = tcp->bytes_acked + (__u32)(tcp->write_seq - tcp->snd_una);
	receive->end_offset = tcp->bytes_received - (__u32)(tcp->rcv_nxt - tcp->copied_seq);
	if (state->role == SPANWIRE_ROLE_CLIENT && tcp->bytes_acked)
		transmit->end_offset--;
	if (tcp__fin_sent(sk->__sk_common.skc_state))
		transmit->end_offset--;
	if (tcp__fin_read(tcp->copied_seq, tcp->rcv_nxt, sk->__sk_common.skc_flags))
		receive->end_offset--;
}

static __noinline struct socket_state *state__make(struct sock *sk)
{
	struct socket_state *state =
		bpf_sk_storage_get(&socket_states, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);

	if (!state) {
		count(SPANWIRE_COUNT_NO_STATE, 1);
		return NULL;
	}
	if (!state->id) {
		state->id = bpf_get_socket_cookie(sk);
		state__init(state, sk);
		if (sk->sk_type == SOCK_DGRAM)
			state->flags |= STATE_DATAGRAM;
	}
	return state;
}

/* The sockets older than the agent were marked, those of the agent's own network namespace. */
static __always_inline bool unix__is_new(const struct socket_state *state, struct sock *sk)
{
	if (!control.unix_listed || state->flags & STATE_JOINED)
		return false;
	return BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum) == settings.netns;
}

/* The first call that is seen on a socket. NULL: of no interest. */
static __noinline struct socket_state *state__start(struct sock *sk)
{
	struct socket_state *state;
	struct tcp_sock *tcp;

	if (!socket__wanted(sk->__sk_common.skc_family, sk->sk_type))
		return NULL;
	state = state__make(sk);
	if (!state || state->mode == SPANWIRE_POLICY_IGNORE)
		return NULL;
	if (sk->__sk_common.skc_family == AF_UNIX && unix__is_new(state, sk))
		state->flags |= STATE_HANDSHAKE;
	tcp = sk->__sk_common.skc_family == AF_UNIX ? NULL : sock__tcp(sk);
	/* kernel TLS: sequence numbers count ciphertext */
	if (!tcp || tcp->inet_conn.icsk_ulp_ops)
		return state;
	state->flags |= STATE_COUNTED;
	state__read_offsets(state, sk, tcp);
	return state;
}

static __always_inline void view__read(struct transfer *transfer, struct sock *sk)
{
	struct socket_view *view = transfer->view;
	struct tcp_sock *tcp = sock__tcp(sk);

	if (!tcp)
		return;
	view->sent = tcp->write_seq;
	view->received = tcp->copied_seq;
	if (sk->__sk_common.skc_state != TCP_ESTABLISHED) {
		view->sent -= tcp__fin_sent(sk->__sk_common.skc_state);
		view->received -=
			tcp__fin_read(tcp->copied_seq, tcp->rcv_nxt, sk->__sk_common.skc_flags);
	}
	if (transfer->direction == SPANWIRE_RECEIVE) {
		__u64 newest_us = tcp->tcp_mstamp, now_us = transfer->now_ns / 1000;

		if (newest_us && newest_us < now_us)
			view->wait_us = now_us - newest_us;
	}
}

/* A send is seen when it ends. sending.bpf.c saw when a large one began. */
static __always_inline void view__read_sending(struct socket_view *view, struct socket_state *state,
					       __u64 now_ns)
{
	__u64 took_ns = now_ns - state->sending_ns;

	if (!state->sending_ns)
		return;
	state->sending_ns = 0;
	view->took_us = took_ns / 1000;
}

/* A send that would block, or was interrupted: the next one begins anew. */
static __always_inline void sending__forget(struct sock *sk, __u32 direction)
{
	struct socket_state *state;

	if (direction != SPANWIRE_TRANSMIT)
		return;
	state = bpf_sk_storage_get(&socket_states, sk, NULL, 0);
	if (state)
		state->sending_ns = 0;
}

static __always_inline int trusted__transfer(struct sock *sk, int ret, __u32 message_flags,
					     __u32 direction)
{
	struct socket_view view = {.sk = sk};
	struct transfer transfer = {
		.view = &view,
		.ret = ret,
		.message_flags = message_flags,
		.direction = direction,
	};
	struct socket_state *state;
	__u64 id;

	if (ret < 0 && error__is_ordinary(-ret)) {
		sending__forget(sk, direction);
		return 0;
	}
	state = bpf_sk_storage_get(&socket_states, sk, NULL, 0);
	if (!state || !(state->flags & STATE_STARTED)) {
		state = state__start(sk);
		if (!state)
			return 0;
	}
	if (state->mode == SPANWIRE_POLICY_IGNORE) {
		count(SPANWIRE_COUNT_IGNORED, 1);
		return 0;
	}
	id = bpf_get_current_pid_tgid();
	transfer.caller.pid = id >> 32;
	transfer.caller.tid = (__u32)id;
	transfer.now_ns = bpf_ktime_get_ns();
	if (direction == SPANWIRE_TRANSMIT)
		view__read_sending(&view, state, transfer.now_ns);
	if (settings.understudies && !(state->flags & STATE_COUNTED && ret > 0))
		state->served[direction] = transfer.caller.tid;
	if (state->flags & STATE_COUNTED)
		view__read(&transfer, sk);
	if (!ret)
		view.receive_shut = sk->sk_shutdown & RCV_SHUTDOWN;
	if (!(state->flags & STATE_STARTED))
		positions__start(state, &transfer);
	return transfer__run(state, &transfer, 1);
}
