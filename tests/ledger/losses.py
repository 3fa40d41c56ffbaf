# SPDX-License-Identifier: Apache-2.0
"""Takes records out of a recording at random, as a full ring would have: with evidence missing, a
parent may be missing, but it may not be wrong."""

import random
import struct
import subprocess
import zlib
from typing import Callable

import otlp

# agent/capture/recording.h and include/spanwire/abi.h say how a recording is laid out.
HEAD_BYTES = 16
FORMAT = b"SPWREC01"  # what is written: its checksum is zlib's
BLOCK = struct.Struct("<IIII")  # magic, payload size, CRC-32, records
RECORD = struct.Struct("<HHI")  # type, flags, size
KERNEL_TYPES = range(1, 64)  # what lies above is written by the agent itself: it cannot be lost


def thinned_block(payload: bytes, lost: Callable) -> tuple:
    """The payload without what is lost, and how many records stayed."""
    kept, at, count = [], 0, 0
    while at < len(payload):
        kind, _, size = RECORD.unpack_from(payload, at)
        if kind not in KERNEL_TYPES or not lost():
            kept.append(payload[at:at + size])
            count += 1
        at += size
    return b"".join(kept), count


def thin(recording: bytes, share: float, seed: int = 1) -> bytes:
    """The recording without `share` of what the kernel reported; the same for the same seed."""
    chance = random.Random(seed)
    out, at = [FORMAT + recording[len(FORMAT):HEAD_BYTES]], HEAD_BYTES
    while at < len(recording):
        magic, size, _, _ = BLOCK.unpack_from(recording, at)
        at += BLOCK.size
        payload, count = thinned_block(recording[at:at + size], lambda: chance.random() < share)
        out.append(BLOCK.pack(magic, len(payload), zlib.crc32(payload), count) + payload)
        at += size
    return b"".join(out)


def replay(stage, share: float) -> list:
    """The spans that a replay gives when `share` of the records is missing."""
    whole = stage.recording
    part, spans = whole.with_suffix(".thin"), whole.with_suffix(f".{share}.jsonl")
    part.write_bytes(thin(whole.read_bytes(), share))
    subprocess.run([stage.spanwire, "replay", part, f"--otlp-file={spans}",
                    "--otlp-file-format=json", *stage.replay_flags], check=True, timeout=300,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    part.unlink()
    return otlp.read_spans(spans)
