# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""A disk without room, inside the lab, with an emulator that has no guest: pods end and go, and none begins."""

import os
import shutil
import subprocess

import grpc
from cri_api.v1 import api_pb2 as cri

import lab
from lab import machine, main, on_node, pod, same, until
from scale import prepared, run
from server import refused

CODE = grpc.StatusCode
STATE = lab.WORK / "state"
BALLAST = STATE / "pods.sqlite.ballast"


def fill():
    """Takes all that is left, to the last byte."""
    with open(STATE / "filler", "ab", buffering=0) as filler:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    filler.write(bytes(size))
            except OSError:
                continue
    status = os.statvfs(STATE)
    assert status.f_bavail == 0, status


def full_disk(node):
    """On a full disk pods are stopped and removed, over a restart too; new ones are refused in words, and come when there is room."""
    STATE.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", STATE], check=True)
    try:
        before = prepared(node)
        pods = [run(node, f"full{number}") for number in range(3)]
        assert BALLAST.stat().st_blocks * 512 >= 8 << 20
        fill()
        refused(CODE.RESOURCE_EXHAUSTED, lambda: node.run(pod("none")), "no room is left in", str(STATE))
        sandbox, container = pods[0]
        node.stop(container, 0)
        assert node.status(container).state == cri.CONTAINER_EXITED
        node.remove_pod(sandbox)
        # The removal gave room, which somebody takes.
        fill()
        node.kill()
        node.start()
        assert node.status(pods[1][1]).state == cri.CONTAINER_RUNNING
        os.kill(lab.process(pods[1][1]), 9)
        until(lambda: node.status(pods[1][1]).state == cri.CONTAINER_EXITED, 20, "an end")
        for sandbox, _ in pods[1:]:
            node.remove_pod(sandbox)
        assert node.cri.ListPodSandbox(cri.ListPodSandboxRequest()).items == []
        same({**before, "state": [*before["state"], str(STATE / "filler")]}, on_node())
        (STATE / "filler").unlink()
        sandbox, container = run(node, "again")
        config = pod("large", annotations={"VirtletRootVolumeSize": "63Ti"})
        large = node.run(config)
        refused(CODE.RESOURCE_EXHAUSTED, lambda: node.create(large, config, machine()), "VirtletRootVolumeSize: 63 TiB", "free")
        node.remove_pod(large)
        small = pod("small", annotations={"VirtletRootVolumeSize": "1Mi"})
        sandbox_small = node.run(small)
        refused(CODE.INVALID_ARGUMENT, lambda: node.create(sandbox_small, small, machine()), "VirtletRootVolumeSize: 1 MiB", "less than the image's")
        node.remove_pod(sandbox_small)
        node.remove_pod(sandbox)
        same(before, on_node())
    finally:
        node.kill()
        subprocess.run(["umount", "-l", STATE], check=True)
        shutil.rmtree(STATE, ignore_errors=True)


if __name__ == "__main__":
    main(full_disk)
