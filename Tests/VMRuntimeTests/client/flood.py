# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""Pods whose authors are hostile, inside the lab, with an emulator that has no guest (Tests/VMRuntimeTests/node CHECK...).

  flood    FLOOD_PODS pods in a row with generated annotations and user-data: Version is answered promptly throughout, memory
           is bounded, SIGTERM ends vm-runtime meanwhile, and nothing is left"""

import base64
import concurrent.futures
import gzip
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time

import grpc
from cri_api.v1 import api_pb2 as cri

import lab
from lab import machine, on_node, pod, same
from scale import prepared
from usage import anonymous, percentile

PODS = int(os.environ.get("FLOOD_PODS", "2000"))
SEED = int(os.environ.get("FLOOD_SEED", "1"))
# How much later Version may be answered than by an idle vm-runtime, and what counts as nothing: this machine's own noise.
MOST_RATIO, NOISE = 20, 0.005
MOST_GROWTH = 64


def levels(draw, item, opening, closing):
    """A billion laughs."""
    depth, width = draw.randint(5, 40), draw.randint(2, 10)
    lines = ["a0: &a0 x"]
    for level in range(1, depth):
        items = ",".join(item(number, level - 1) for number in range(width))
        lines.append(f"a{level}: &a{level} {opening}{items}{closing}")
    return "\n".join(lines) + "\n"


def in_keys(draw):
    aliases = draw.randint(2, 5)
    lines = ["&a0 x: 1"]
    for level in range(1, draw.randint(5, 40)):
        lines.append(f"? &a{level} [{','.join([f'*a{level - 1}'] * aliases)}]\n: 1")
    return "\n".join(lines) + "\n"


def merges(draw):
    lines = ["a0: &a0 {x: 1}"]
    for level in range(1, draw.randint(50, 2000)):
        lines.append(f"a{level}: &a{level} {{<<: *a{level - 1}, k{level}: 1}}")
    return "\n".join(lines) + "\n"


def noise(draw):
    return "".join(draw.choice("{}[]&*!|>%@`'\",:?- \n\tab\u00e9\u2028") for _ in range(draw.randint(1, 5000)))


KINDS = [
    lambda draw: levels(draw, lambda number, level: f"*a{level}", "[", "]"),
    lambda draw: levels(draw, lambda number, level: f"k{number}: *a{level}", "{", "}"),
    in_keys, merges, noise,
    lambda draw: "".join(f"k{number}: {draw.random()}\n" for number in range(draw.randint(1000, 30000))),
    lambda draw: draw.choice("[{-?") * draw.randint(1000, 300_000),
    lambda draw: "- " * draw.randint(1000, 300_000),
    lambda draw: "".join(f"%TAG !{number}! tag:x\n" for number in range(draw.randint(1, 40_000))) + "--- a\n",
    lambda draw: "runcmd: [" + "x," * draw.randint(1000, 200_000) + "]\n",
    lambda draw: "a: &a " + "x" * draw.randint(1000, 900_000) + "\nb: [" + "*a," * draw.randint(1, 5000) + "]\n",
    lambda draw: "a: \"" + "\\U0001F600" * draw.randint(1, 90_000) + "\"\n",
]
SCRIPTS = [
    lambda draw: "#cloud-config\n" + draw.choice(KINDS)(draw),
    lambda draw: "\n \n#Cloud-Config\n" + draw.choice(KINDS)(draw),
    lambda draw: base64.b64encode(gzip.compress(bytes(draw.randint(1, 64) << 20), 9)).decode(),
    lambda draw: base64.b64encode(gzip.compress(draw.randbytes(1000), 9)[:draw.randint(2, 900)]).decode(),
    lambda draw: "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n"
    + "".join(f"--=contrail-vm={number}=\n" for number in range(draw.randint(1, 40_000))),
    lambda draw: "#!/bin/sh\n" + "@virtlet-mount-script@" * draw.randint(1, 40_000),
    lambda draw: draw.choice(["#include ", "## template: jinja\n", "#cloud-config-archive\n"]) + noise(draw),
]


def hostile(draw, config, container):
    """Fills a pod with what its author may write."""
    annotations = config.annotations
    for name in ("VirtletLibvirtCPUSetting", "VirtletCloudInitUserData", "VirtletCloudInitMetaData"):
        if draw.random() < 0.4:
            annotations[name] = draw.choice(KINDS)(draw)
    if draw.random() < 0.4:
        annotations["VirtletCloudInitUserDataScript"] = draw.choice(SCRIPTS)(draw)
    if draw.random() < 0.2:
        annotations["VirtletCloudInitImageType"] = draw.choice(["configdrive", "nocloud", noise(draw)])
    if draw.random() < 0.2:
        annotations["VirtletSSHKeys"] = "ssh-rsa A\n" * draw.randint(1, 50_000)
    for name in ("VirtletVCPUCount", "VirtletRootVolumeSize", "VirtletSystemUUID"):
        if draw.random() < 0.05:
            annotations[name] = draw.choice(["9" * 100_000, "-1", "1e18", noise(draw)])
    if draw.random() < 0.2:
        container.envs.add(key="LONG", value=("$\"\\`\n" * draw.randint(1, 200_000)).encode())
    if draw.random() < 0.1:
        config.dns_config.servers.append("10.96.0.10")
        config.dns_config.options.append(draw.choice(["ndots:5", "$(reboot)", noise(draw)]))


class Watcher:
    """Asks for Version from a process of its own: the flood's own work does not delay it."""

    ASK = """
import sys, time
from cri_api.v1 import api_pb2 as cri, api_pb2_grpc as stubs
import grpc
calls = stubs.RuntimeServiceStub(grpc.insecure_channel("unix://" + sys.argv[1]))
calls.Version(cri.VersionRequest(), timeout=60)
while True:
    start = time.monotonic()
    calls.Version(cri.VersionRequest(), timeout=60)
    print(time.monotonic() - start, flush=True)
    time.sleep(0.02)
"""

    def __init__(self, node):
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.ASK, str(node.socket)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.times = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.times.append(float(line))

    def end(self):
        assert self.process.poll() is None, "Version failed"
        self.process.kill()
        self.process.wait()
        self.reader.join()
        return sorted(self.times)


def flood(node):
    """Hostile pods in a row: other calls are prompt, memory is bounded, nothing is left."""
    before = prepared(node, {"MALLOC_ARENA_MAX": "1"})
    watcher = Watcher(node)
    time.sleep(10)
    idle = watcher.end()
    first = anonymous(node.process.pid)
    peak, refusals, quarter = first, {}, first
    watcher = Watcher(node)
    slowest = 0

    def live(number):
        own = random.Random(SEED * 1_000_003 + number)
        config, container = pod(f"flood{number}"), machine()
        hostile(own, config, container)
        sandbox, word = None, "made"
        start = time.monotonic()
        try:
            sandbox = node.run(config)
            node.create(sandbox, config, container)
        except grpc.RpcError as error:
            word = error.code().name
            assert len(error.details()) < 3000, error.details()
            # A disk that is larger than what is free; nothing else of a pod exhausts the node.
            if word == "RESOURCE_EXHAUSTED" and "VirtletRootVolumeSize" in error.details():
                word = "larger than what is free"
        took = time.monotonic() - start
        if sandbox:
            node.remove_pod(sandbox)
        lab.drop_logs(f"flood{number}")
        return word, took

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for part in range(0, PODS, 50):
            for word, took in pool.map(live, range(part, min(part + 50, PODS))):
                refusals[word] = refusals.get(word, 0) + 1
                slowest = max(slowest, took)
            peak = max(peak, anonymous(node.process.pid))
            if part == PODS // 4 // 50 * 50:
                quarter = anonymous(node.process.pid)
    times = watcher.end()
    last = anonymous(node.process.pid)
    ratios = [
        max(ours, NOISE) / max(theirs, NOISE)
        for ours, theirs in ((statistics.median(times), statistics.median(idle)), (percentile(times, 99), percentile(idle, 99)))]
    print(
        f"{PODS} hostile pods, {refusals}, the slowest {slowest:.1f} s; Version P50 {statistics.median(times) * 1000:.1f} ms "
        f"({ratios[0]:.1f} times idle), P99 {percentile(times, 99) * 1000:.1f} ms ({ratios[1]:.1f} times), worst "
        f"{times[-1] * 1000:.0f} ms; memory {first:.0f} MiB idle, {quarter:.0f} after a quarter, {last:.0f} at the end, peak {peak:.0f}")
    assert set(refusals) <= {"made", "INVALID_ARGUMENT", "larger than what is free"}, refusals
    assert ratios[0] <= MOST_RATIO and ratios[1] <= MOST_RATIO and times[-1] < 5, "Version waits for what pods' authors wrote"
    assert last <= quarter + MOST_GROWTH, "memory grows with the number of pods"
    same(before, on_node())

    # While it reads, it ends when it is told to.
    pool = concurrent.futures.ThreadPoolExecutor(16)
    waiting = [pool.submit(live, PODS + number) for number in range(16)]
    time.sleep(1)
    start = time.monotonic()
    node.process.send_signal(signal.SIGTERM)
    assert node.process.wait(timeout=45) == 0
    print(f"SIGTERM ended it after {time.monotonic() - start:.1f} s while {len(waiting)} hostile pods were being made")
    pool.shutdown(wait=True, cancel_futures=True)
    node.start()
    for item in node.cri.ListPodSandbox(cri.ListPodSandboxRequest()).items:
        node.remove_pod(item.id)
    same(before, on_node())


if __name__ == "__main__":
    lab.main(flood)
