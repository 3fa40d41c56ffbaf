// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Tier 3: what io_uring does enters no system call, so it can only be counted: the requests that
 * are for sockets alone. Which file a read or write is for is not known when it is submitted.
 */
#include "lib/maps.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum { IORING_OP_SENDMSG = 9, IORING_OP_RECVMSG = 10, IORING_OP_SEND = 26, IORING_OP_RECV = 27 };

static __always_inline int uring__count(__u8 operation)
{
	switch (operation) {
	case IORING_OP_SENDMSG:
	case IORING_OP_RECVMSG:
	case IORING_OP_SEND:
	case IORING_OP_RECV:
		count(SPANWIRE_COUNT_IO_URING, 1);
	}
	return 0;
}

/* Linux 6.4 and later */
SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(uring_submit_req, struct io_kiocb *req)
{
	return uring__count(req->opcode);
}

/* Linux 5.10 */
SEC("tp_btf/io_uring_submit_sqe")
int BPF_PROG(uring_submit_sqe, void *ring_context, __u8 operation)
{
	return uring__count(operation);
}
