/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tiers 1 and 2: the hook hands over the sock itself; its state lives in the socket's own storage. */
#pragma once

#include "transfer.h"

static __always_inline struct tcp_sock *sock__tcp(struct sock *sk)
{
	struct tcp_sock *tcp;

	if (sk->sk_protocol != IPPROTO_TCP)
		return NULL;
	tcp = (struct tcp_sock *)bpf_skc_to_tcp_sock(sk);
	/* kernel TLS: sequence numbers count ciphertext */
	if (!tcp || tcp->inet_conn.icsk_ulp_ops)
		return NULL;
	return tcp;
}

static __always_inline void view__read(struct socket_view *view, struct sock *sk, __u64 now_ns)
{
	struct tcp_sock *tcp;

	view->sk = sk;
	view->family = sk->__sk_common.skc_family;
	view->type = sk->sk_type;
	if (view->family == AF_UNIX || view->type != SOCK_STREAM)
		goto shutdown;
	tcp = sock__tcp(sk);
	if (tcp) {
		__u64 newest_us = tcp->tcp_mstamp, now_us = now_ns / 1000;

		view->counted = true;
		view->sent =
			tcp->write_seq - tcp__fin_sent(sk->__sk_common.skc_state);
		view->received =
			tcp->copied_seq -
			tcp__fin_read(tcp->copied_seq, tcp->rcv_nxt, sk->__sk_common.skc_flags);
		if (newest_us && newest_us < now_us)
			view->wait_us = now_us - newest_us;
	}
shutdown:
	view->receive_shut = sk->sk_shutdown & RCV_SHUTDOWN;
}

/*
 * Where a TCP stream stands by the socket's own 64-bit counters. bytes_acked counts the SYN of the end
 * that connected; which end that was is not known of a socket older than the agent, so that the
 * transmit offset of such a client is one too high for its whole life: consistent, and harmless.
 */
static __always_inline void state__read_offsets(struct socket_state *state, struct sock *sk)
{
	struct tcp_sock *tcp = sock__tcp(sk);
	struct flow *transmit = &state->flow[SPANWIRE_TRANSMIT];
	struct flow *receive = &state->flow[SPANWIRE_RECEIVE];

	if (!tcp)
		return;
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

static __always_inline void call__read(struct call *call)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	call->number = regs->orig_ax;
	call->arg[0] = regs->di;
	call->arg[1] = regs->si;
	call->arg[2] = regs->dx;
	call->foreign = (task->thread_info.status & TS_COMPAT) || (task->flags & PF_IO_WORKER);
	if (!call->foreign && task->io_uring)
		call->foreign = true; /* refined by call__is_of() */
}

/* A task with an io_uring may run its requests on the way out of any system call. */
static __noinline bool call__is_of(struct call *call, struct sock *sk)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct file **files = BPF_CORE_READ(task, files, fdt, fd);
	struct file *file = NULL;
	struct socket *socket;

	if (BPF_CORE_READ(task, flags) & PF_IO_WORKER ||
	    BPF_CORE_READ(task, thread_info.status) & TS_COMPAT)
		return false;
	if (call->number > NR_pwritev2 || call->arg[0] >= BPF_CORE_READ(task, files, fdt, max_fds))
		return false;
	bpf_probe_read_kernel(&file, sizeof(file), &files[call->arg[0]]);
	if (!file)
		return false;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk) == sk;
}

static __always_inline int trusted__transfer(struct sock *sk, int ret, __u32 message_flags,
					     __u32 direction)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct socket_view view = {};
	struct call call = {};
	struct transfer transfer = {
		.view = &view,
		.call = &call,
		.caller = {.pid = id >> 32, .tid = (__u32)id},
		.ret = ret,
		.message_flags = message_flags,
		.direction = direction,
	};
	struct socket_state *state;

	count(SPANWIRE_COUNT_HOOK_RUNS, 1);
	if (ret < 0 && error__is_ordinary(-ret))
		return 0;
	transfer.now_ns = bpf_ktime_get_ns();
	view__read(&view, sk, transfer.now_ns);
	if (!view__wanted(&view))
		return 0;
	state = bpf_sk_storage_get(&socket_states, sk, NULL, 0);
	if (!state) {
		state = state__make(sk);
		if (!state)
			return 0;
	}
	if (!(state->flags & STATE_STARTED)) {
		state__read_offsets(state, sk);
		if (!(state->flags & STATE_HANDSHAKE))
			state->flags |= STATE_JOINED;
	}
	call__read(&call);
	if (call.foreign)
		call.foreign = !call__is_of(&call, sk);
	return transfer__run(state, &transfer, 1);
}
