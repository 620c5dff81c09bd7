# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""What a node lost or lacks, inside the lab, with an emulator that has no guest (Tests/VMRuntimeTests/node CHECK...).

  dead     a sandbox whose namespace is gone
  room     no descriptors are left
  masked   a umask that takes everything from others"""

import concurrent.futures
import os
import pathlib
import shutil
import stat
import subprocess

import grpc
from cri_api.v1 import api_pb2 as cri

import lab
from lab import machine, on_node, pod, same
from server import refused

BRIDGE = """{"cniVersion": "1.0.0", "name": "bridged", "plugins": [
  {"type": "bridge", "bridge": "lost0", "isGateway": true, "ipam": {"type": "host-local", "dataDir": "%s",
   "ranges": [[{"subnet": "10.88.0.0/24"}]]}},
  {"type": "tap-bridge", "capabilities": {"vmInterface": true}, "run-dir": "%s"}]}
"""


def begin(node, name):
    config = pod(name)
    sandbox = node.run(config)
    container = node.create(sandbox, config, machine())
    node.begin(container)
    return sandbox, container


def state(node, sandbox):
    listed = {item.id: item.state for item in node.cri.ListPodSandbox(cri.ListPodSandboxRequest()).items}[sandbox]
    status = node.cri.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox)).status
    assert status.state == listed, status
    return status


def dead(node):
    """A sandbox whose namespace is gone, with or without what was left at its path, is not ready, and is removed; its VM runs until then."""
    plugins = lab.WORK / "plugins"
    plugins.mkdir()
    for program in [*(lab.ROOT / ".build-dist/cni").iterdir(), pathlib.Path("/usr/lib/cni/bridge"), pathlib.Path("/usr/lib/cni/host-local")]:
        (plugins / program.name).symlink_to(program)
    os.environ["CONTRAIL_VM_CNI_BIN_DIR"] = str(plugins)
    # The lab's own path is too long for a socket's address below it.
    (lab.WORK / "state").mkdir(mode=0o711)
    short = pathlib.Path(f"/var/tmp/cvm-{lab.WORK.name[-6:]}")
    short.symlink_to(lab.WORK / "state")
    os.environ["CONTRAIL_VM_STATE_DIR"] = str(short)
    try:
        lifeless_pods(node)
    finally:
        short.unlink()


def lifeless_pods(node):
    node.start()
    node.pull()
    before = on_node()
    lists = pathlib.Path(os.environ["CONTRAIL_VM_CNI_CONF_DIR"])
    for file in ("direct", "bridge"):
        if file == "bridge":
            (lists / "10-pods.conflist").write_text(BRIDGE % (lab.WORK / "leases", lab.WORK / "run"))
        made = [begin(node, f"{file}{number}") for number in range(3)]
        for number, (sandbox, container) in enumerate(made):
            assert state(node, sandbox).state == cri.SANDBOX_READY
            path = f"/run/netns/cvm-{sandbox[:16]}"
            subprocess.run(["umount", path], check=True)
            if number == 1:
                os.unlink(path)
            if number == 2:
                # What a boot or an old unit left at the path is not a namespace, whatever it is.
                os.unlink(path)
                pathlib.Path(path).write_text("not a namespace")
            status = state(node, sandbox)
            assert status.state == cri.SANDBOX_NOTREADY and not status.network.ip, status
            assert node.status(container).state == cri.CONTAINER_RUNNING
        node.kill()
        node.start()
        refused(grpc.StatusCode.FAILED_PRECONDITION, lambda: node.create(made[0][0], pod(f"{file}0"), machine(attempt=1)), "not ready")
        for sandbox, container in made:
            assert state(node, sandbox).state == cri.SANDBOX_NOTREADY
            node.stop(container, 0)
            for _ in range(2):
                node.cri.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=sandbox))
            node.remove_pod(sandbox)
            assert not os.path.lexists(f"/run/netns/cvm-{sandbox[:16]}")
    subprocess.run(["ip", "link", "del", "lost0"], check=True)
    shutil.copy(f"{os.environ['LAB_LISTS']}/direct.conflist", lists / "10-pods.conflist")
    same(before, on_node())


def room(node):
    """When descriptors run out calls that make something are refused in words; nothing dies, and all is removed."""
    node.start()
    node.pull()
    before = on_node()
    process = str(node.process.pid)
    subprocess.run(["prlimit", "--pid", process, "--nofile=220:220"], check=True)
    made, words = [], None
    for number in range(100):
        try:
            made.append(begin(node, f"room{number}"))
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error
            words = error.details()
            break
    assert words and "LimitNOFILE" in words and len(made) >= 5, (len(made), words)

    def ask(number):
        try:
            node.run(pod(f"more{number}"))
        except grpc.RpcError as error:
            return error.code()
        return None

    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        codes = set(pool.map(ask, range(64)))
    assert codes == {grpc.StatusCode.RESOURCE_EXHAUSTED}, codes
    refused(grpc.StatusCode.RESOURCE_EXHAUSTED, node.pull, "LimitNOFILE")
    assert node.process.poll() is None and node.cri.Version(cri.VersionRequest()).runtime_name
    for _, container in made:
        assert node.status(container).state == cri.CONTAINER_RUNNING
    for item in node.cri.ListPodSandbox(cri.ListPodSandboxRequest()).items:
        node.remove_pod(item.id)
    last = begin(node, "last")
    node.remove_pod(last[0])
    same(before, on_node())


def masked(node):
    """With a umask of 0077, as its unit has it, QEMU's users reach what they must, and nobody else what they need not."""
    old = os.umask(0o077)
    try:
        node.start()
    finally:
        os.umask(old)
    node.pull()
    before = on_node()
    sandbox, container = begin(node, "masked")
    images = pathlib.Path(os.environ["CONTRAIL_VM_IMAGE_DIR"])
    folder = lab.WORK / "state/pods" / container
    modes = {str(path): oct(stat.S_IMODE(path.stat().st_mode)) for path in (images, images / "data", lab.WORK / "state/pods", folder)}
    assert set(modes.values()) == {"0o711"}, modes
    files = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in folder.iterdir() if path.is_file()}
    assert set(files.values()) == {"0o600"}, files
    node.remove_pod(sandbox)
    same(before, on_node())


if __name__ == "__main__":
    lab.main(dead, room, masked)
