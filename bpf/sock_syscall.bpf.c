// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Tier 3: every system call's end, for kernels without anything better (Linux 5.10). The sock is
 * found through the descriptor, its state by the sock's address in a table. A freed sock's address
 * may come back as another socket; the inode number, which does not, tells.
 */
#include "lib/life.h"
#include "lib/mark.h"
#include "lib/transfer.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define S_IFMT 0170000
#define S_IFSOCK 0140000

struct inode___mode {
	unsigned short i_mode;
	unsigned long i_ino;
} CORE;

static __always_inline struct sock *descriptor__sock(__u64 descriptor, __u64 *inode)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct inode___mode *node;
	struct file **files;
	struct file *file = NULL;
	struct socket *socket;

	if ((__u32)descriptor >= BPF_CORE_READ(table, max_fds))
		return NULL;
	files = BPF_CORE_READ(table, fd);
	bpf_probe_read_kernel(&file, sizeof(file), &files[(__u32)descriptor]);
	if (!file)
		return NULL;
	node = (struct inode___mode *)BPF_CORE_READ(file, f_inode);
	if ((BPF_CORE_READ(node, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	*inode = BPF_CORE_READ(node, i_ino);
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

static __always_inline bool sock__is_tcp(struct sock *sk, __u16 family)
{
	if (family != AF_INET && family != AF_INET6)
		return false;
	return BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP;
}

static __always_inline void view__read_untrusted(struct transfer *transfer, struct sock *sk)
{
	struct tcp_sock *tcp = (struct tcp_sock *)sk;
	struct socket_view *view = transfer->view;
	__u64 newest_us;

	view->sent = BPF_CORE_READ(tcp, write_seq) -
		     tcp__fin_sent(BPF_CORE_READ(sk, __sk_common.skc_state));
	view->received = BPF_CORE_READ(tcp, copied_seq) -
			 tcp__fin_read(BPF_CORE_READ(tcp, copied_seq), BPF_CORE_READ(tcp, rcv_nxt),
				       BPF_CORE_READ(sk, __sk_common.skc_flags));
	newest_us = BPF_CORE_READ(tcp, tcp_mstamp);
	if (newest_us && newest_us < transfer->now_ns / 1000)
		view->wait_us = transfer->now_ns / 1000 - newest_us;
}

static __always_inline void state__start_untrusted(struct socket_state *state, struct sock *sk)
{
	struct tcp_sock *tcp = (struct tcp_sock *)sk;
	struct flow *transmit = &state->flow[SPANWIRE_TRANSMIT];
	struct flow *receive = &state->flow[SPANWIRE_RECEIVE];

	if (!sock__is_tcp(sk, BPF_CORE_READ(sk, __sk_common.skc_family)) ||
	    BPF_CORE_READ(tcp, inet_conn.icsk_ulp_ops))
		return;
	state->flags |= STATE_COUNTED;
	transmit->end_offset = BPF_CORE_READ(tcp, bytes_acked) +
			       (__u32)(BPF_CORE_READ(tcp, write_seq) - BPF_CORE_READ(tcp, snd_una));
	receive->end_offset = BPF_CORE_READ(tcp, bytes_received) -
			      (__u32)(BPF_CORE_READ(tcp, rcv_nxt) - BPF_CORE_READ(tcp, copied_seq));
	if (state->role == SPANWIRE_ROLE_CLIENT && BPF_CORE_READ(tcp, bytes_acked))
		transmit->end_offset--;
}

/* A state is too large for the stack here: it is put together in a scratch. */
static __noinline struct socket_state *table__add(struct sock *sk, __u64 inode)
{
	struct counters *mine = counters__mine();
	__u64 key = (__u64)sk;
	struct socket_state *fresh;
	struct scratch *scratch;
	__u32 at;

	scratch = mine ? scratch__claim(mine, &at, 3) : NULL;
	if (!scratch)
		return NULL;
	fresh = (struct socket_state *)scratch->payload;
	__builtin_memset(fresh, 0, sizeof(*fresh));
	fresh->id = (bpf_ktime_get_ns() << 8) | (bpf_get_smp_processor_id() & 0xff);
	fresh->inode = inode;
	state__init(fresh, sk);
	if (BPF_CORE_READ(sk, sk_type) == SOCK_DGRAM)
		fresh->flags |= STATE_DATAGRAM;
	bpf_map_update_elem(&socket_table, &key, fresh, BPF_ANY);
	scratch__release(scratch);
	return bpf_map_lookup_elem(&socket_table, &key);
}

/* The state of `sk`, made when there is none or when it belonged to a socket that is gone. */
static __noinline struct socket_state *table__state(struct sock *sk, __u64 inode)
{
	__u64 key = (__u64)sk;
	struct socket_state *state = bpf_map_lookup_elem(&socket_table, &key);

	/* inode 0: made before the socket was accepted */
	if (state && (!state->inode || !inode || state->inode == inode)) {
		if (!state->inode)
			state->inode = inode;
		return state;
	}
	if (!socket__wanted(BPF_CORE_READ(sk, __sk_common.skc_family), BPF_CORE_READ(sk, sk_type)))
		return NULL;
	state = table__add(sk, inode);
	if (!state)
		count(SPANWIRE_COUNT_NO_STATE, 1);
	return state;
}

/* What a transfer did, in one register: return value, direction, message flags. */
#define OUTCOME(ret, direction, flags)                                                             \
	((__u32)(ret) | (__u64)(flags) << 32 | (__u64)(direction) << 63)

/* A global function: the verifier looks at it once for all call sites. */
__noinline __weak int syscall__transfer(__u32 number, __u64 descriptor, __u64 pointer, __u64 size,
					__u64 outcome)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 direction = outcome >> 63;
	__u32 message_flags = (outcome >> 32) & 0x7fffffff;
	int ret = (int)outcome;
	struct socket_view view = {};
	struct transfer transfer = {
		.view = &view,
		.call = {.number = number, .arg = {descriptor, pointer, size}},
		.caller = {.pid = id >> 32, .tid = (__u32)id},
		.ret = ret,
		.message_flags = message_flags,
		.direction = direction & 1,
	};
	struct socket_state *state;
	struct sock *sk;
	__u64 inode = 0;
	__u32 later = 0; /* bytes of later messages of the same call: they have passed already */

	if (number == NR_sendmmsg || number == NR_recvmmsg) {
		transfer.call.number = number == NR_sendmmsg ? NR_sendmsg : NR_recvmsg;
		later = size;
	}
	if (ret < 0 && error__is_ordinary(-ret))
		return 0;
	sk = descriptor__sock(descriptor, &inode);
	if (!sk)
		return 0;
	state = table__state(sk, inode);
	if (!state || state->mode == SPANWIRE_POLICY_IGNORE)
		return 0;
	view.sk = sk;
	transfer.now_ns = bpf_ktime_get_ns();
	if (!(state->flags & STATE_STARTED)) {
		state__start_untrusted(state, sk);
		if (state->flags & STATE_COUNTED)
			state->flow[direction & 1].end_offset -= later;
	}
	if (state->flags & STATE_COUNTED)
		view__read_untrusted(&transfer, sk);
	if (direction == SPANWIRE_TRANSMIT)
		view.sent -= later;
	else
		view.received -= later;
	view.receive_shut = BPF_CORE_READ(sk, sk_shutdown) & RCV_SHUTDOWN;
	if (!(state->flags & STATE_STARTED))
		positions__start(state, &transfer);
	return transfer__run(state, &transfer, 3);
}

static __always_inline __u64 syscall__outcome(__u64 number, long ret, struct pt_regs *regs)
{
	switch (number) {
	case NR_read:
	case NR_readv:
	case NR_preadv2:
		return OUTCOME(ret, SPANWIRE_RECEIVE, 0);
	case NR_recvfrom:
		return OUTCOME(ret, SPANWIRE_RECEIVE, (__u32)regs->r10 & 0xffffff);
	case NR_recvmsg:
		return OUTCOME(ret, SPANWIRE_RECEIVE, (__u32)regs->dx & 0xffffff);
	case NR_sendto:
		return OUTCOME(ret, SPANWIRE_TRANSMIT, (__u32)regs->r10 & 0xffffff);
	case NR_sendmsg:
		return OUTCOME(ret, SPANWIRE_TRANSMIT, (__u32)regs->dx & 0xffffff);
	}
	return OUTCOME(ret, SPANWIRE_TRANSMIT, 0);
}

#define MMSG_SEEN 64 /* messages of one call that are looked at */

static __always_inline __u32 mmsg__length(__u64 vector, __u32 index)
{
	__u64 message = vector + index * sizeof(struct mmsghdr);
	__u32 length = 0;

	bpf_probe_read_user(&length, sizeof(length),
			    (void *)(message + __builtin_offsetof(struct mmsghdr, msg_len)));
	return length;
}

/* Bytes of all messages of a call. */
__noinline __weak __u64 mmsg__bytes(__u64 vector, __u32 messages)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < SPANWIRE_MAX_SEGMENTS && i < messages; i++)
		sum += mmsg__length(vector, i);
	return sum;
}

/* One call, several messages: the count came back, each length lies in the array. */
static __always_inline int syscall__messages(__u32 number, __u64 descriptor, __u64 vector,
					     __u64 ret)
{
	__u32 direction = number == NR_sendmmsg ? SPANWIRE_TRANSMIT : SPANWIRE_RECEIVE;
	__u64 later;

	if ((int)ret <= 0)
		return syscall__transfer(number, descriptor, 0, 0, OUTCOME(ret, direction, 0));
	later = mmsg__bytes(vector, ret);
	for (__u32 i = 0; i < MMSG_SEEN && i < (__u32)ret; i++) {
		__u64 message = vector + i * sizeof(struct mmsghdr);
		__u32 length = mmsg__length(vector, i);

		later -= length;
		syscall__transfer(number, descriptor, message, later,
				  OUTCOME(length, direction, 0));
	}
	return 0;
}

/* A socket that was just connected or accepted: it is not older than the agent. */
__noinline __weak int syscall__opened(__u64 descriptor, __u32 accepted)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct caller caller = {.pid = id >> 32, .tid = (__u32)id};
	__u64 inode = 0;
	struct sock *sk = descriptor__sock(descriptor, &inode);
	struct socket_state *state = sk ? table__state(sk, inode) : NULL;

	if (!state || state->mode == SPANWIRE_POLICY_IGNORE || caller.pid == settings.self_pid)
		return 0;
	if (!(state->flags & STATE_STARTED))
		state->flags |= STATE_HANDSHAKE;
	if (accepted && process__arrived(caller.pid))
		connection__report(sk, state, SPANWIRE_CONN_ACCEPT, &caller);
	return 0;
}

static __always_inline int syscall__run(__u64 number, struct pt_regs *regs, long ret)
{
	switch (number) {
	case NR_splice: /* from descriptor to descriptor; either end may be the socket */
		syscall__transfer(number, regs->di, 0, 0, OUTCOME(ret, SPANWIRE_RECEIVE, 0));
		return syscall__transfer(number, regs->dx, 0, 0,
					 OUTCOME(ret, SPANWIRE_TRANSMIT, 0));
	case NR_recvmmsg:
	case NR_sendmmsg:
		return syscall__messages(number, regs->di, regs->si, ret);
	case NR_connect:
		return ret ? 0 : syscall__opened(regs->di, 0);
	case NR_accept:
	case NR_accept4:
		return ret < 0 ? 0 : syscall__opened(ret, 1);
	}
	return syscall__transfer(number, regs->di, regs->si, regs->dx,
				 syscall__outcome(number, ret, regs));
}

/* Whether a system call can move bytes through a socket, or open one. */
static __always_inline bool syscall__wanted(__u64 number)
{
	switch (number) {
	case NR_read:
	case NR_readv:
	case NR_preadv2:
	case NR_recvfrom:
	case NR_recvmsg:
	case NR_recvmmsg:
	case NR_write:
	case NR_writev:
	case NR_pwritev2:
	case NR_sendto:
	case NR_sendmsg:
	case NR_sendmmsg:
	case NR_sendfile:
	case NR_splice:
	case NR_connect:
	case NR_accept:
	case NR_accept4:
		return true;
	}
	return false;
}

/* Understudies, see lib/mark.h. A thread is in one system call at a time. */
static __always_inline bool thread__served(const int place)
{
	__u32 thread = (__u32)bpf_get_current_pid_tgid();
	__u32 fresh = place == UNDERSTUDY_NONE ? thread : thread | MARK_SEEN;
	__u32 *mark = NULL;

	if (place != UNDERSTUDY_NONE)
		mark = bpf_map_lookup_elem(&served_threads, &thread);
	if (mark && mark__served(mark, thread, place))
		return true;
	if (place != UNDERSTUDY_LAST)
		bpf_map_update_elem(&served_threads, &thread, &fresh, BPF_ANY);
	return false;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sock_syscall_exit, struct pt_regs *regs, long ret)
{
	__u64 number = regs->orig_ax;

	if (!syscall__wanted(number))
		return 0;
	if (settings.understudies)
		thread__served(UNDERSTUDY_NONE);
	return syscall__run(number, regs, ret);
}

static __always_inline int understudy__syscall(struct pt_regs *regs, long ret, const int place)
{
	__u64 number = regs->orig_ax;

	if (!syscall__wanted(number) || thread__served(place))
		return 0;
	count(SPANWIRE_COUNT_STOOD_IN, 1);
	return syscall__run(number, regs, ret);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(understudy_syscall_exit, struct pt_regs *regs, long ret)
{
	return understudy__syscall(regs, ret, UNDERSTUDY_NEXT);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(understudy_syscall_exit_last, struct pt_regs *regs, long ret)
{
	return understudy__syscall(regs, ret, UNDERSTUDY_LAST);
}

static __always_inline struct socket_state *table__find(void *sk)
{
	__u64 key = (__u64)sk;

	return bpf_map_lookup_elem(&socket_table, &key);
}

static __always_inline int table__on_end(struct sock *sk, __u32 what)
{
	__u64 key = (__u64)sk;

	life__end(sk, table__find(sk), what);
	if (what == SPANWIRE_CONN_CLOSED)
		bpf_map_delete_elem(&socket_table, &key);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(sock_syscall_state, struct sock *sk, int old, int new)
{
	__u32 what = life__change(old, new);

	if (!what || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	switch (what) {
	case SPANWIRE_CONN_CONNECT:
		return life__connect(sk, table__state(sk, sock__inode(sk)));
	case SPANWIRE_CONN_OPEN:
		return life__established(table__state(sk, 0));
	}
	return table__on_end(sk, what);
}
