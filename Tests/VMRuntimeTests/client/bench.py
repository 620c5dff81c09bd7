# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""What vm-runtime's calls cost, inside the lab (Tests/VMRuntimeTests/node bench). No guest is started.

Lists with 1 and with 200 pods; RunPodSandbox and its undoing beside containerd's, with the same plugins in turns."""

import hashlib
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tarfile
import time

import grpc
from cri_api.v1 import api_pb2 as cri
from cri_api.v1 import api_pb2_grpc as stubs

import lab
from lab import machine, pod
from server import OPTIONS
from usage import anonymous, cpu, percentile

CALLS = int(os.environ.get("BENCH_CALLS", "300"))
PODS = int(os.environ.get("BENCH_PODS", "200"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "20"))


def timed(call):
    start = time.perf_counter()
    answer = call()
    return (time.perf_counter() - start) * 1000, answer


def measure(node, pods):
    """Rows of a table: calls one after another on one connection."""
    calls = [
        ("Version", lambda: node.cri.Version(cri.VersionRequest())),
        ("Status", lambda: node.cri.Status(cri.StatusRequest())),
        ("ListPodSandbox", lambda: node.cri.ListPodSandbox(cri.ListPodSandboxRequest())),
        ("ListContainers", lambda: node.cri.ListContainers(cri.ListContainersRequest())),
    ]
    for name, call in calls:
        call()
        before = cpu(node.process.pid)
        times, answer = [], None
        for _ in range(CALLS):
            took, answer = timed(call)
            times.append(took)
        spent = (cpu(node.process.pid) - before) / CALLS
        times.sort()
        print(
            f"| {name} | {pods} | {statistics.median(times):.2f} | {percentile(times, 99):.2f} | {spent:.2f} | "
            f"{answer.ByteSize()} |")


def pause_image(folder):
    """An image whose one program waits, as containerd needs it for a sandbox."""
    folder.mkdir(parents=True)
    (folder / "pause.c").write_text("#include <unistd.h>\nint main(void) { for (;;) pause(); }\n")
    subprocess.run(["gcc", "-static", "-O", "-o", folder / "pause", folder / "pause.c"], check=True)
    layer = folder / "layer.tar"
    with tarfile.open(layer, "w") as tar:
        tar.add(folder / "pause", "pause")
    digest = hashlib.sha256(layer.read_bytes()).hexdigest()
    (folder / "config.json").write_text(
        '{"architecture":"amd64","os":"linux","config":{"Entrypoint":["/pause"]},'
        f'"rootfs":{{"type":"layers","diff_ids":["sha256:{digest}"]}}}}')
    (folder / "manifest.json").write_text(
        '[{"Config":"config.json","RepoTags":["bench.local/pause:1"],"Layers":["layer.tar"]}]')
    with tarfile.open(folder / "image.tar", "w") as tar:
        for name in ("manifest.json", "config.json", "layer.tar"):
            tar.add(folder / name, name)
    return folder / "image.tar"


class Containerd:
    """Debian's containerd with folders of its own, and the lab's network."""

    def __init__(self):
        folder = lab.WORK / "containerd"
        folder.mkdir()
        networks = folder / "net.d"
        networks.mkdir()
        shutil.copy(lab.WORK / "net.d" / "10-pods.conflist", networks)
        # It calls the plugin `loopback`, too.
        plugins = folder / "cni"
        plugins.mkdir()
        for program in [*pathlib.Path(os.environ["CONTRAIL_VM_CNI_BIN_DIR"]).iterdir(), pathlib.Path("/usr/lib/cni/loopback")]:
            (plugins / program.name).symlink_to(program)
        socket = folder / "containerd.sock"
        (folder / "config.toml").write_text(
            f'version = 2\nroot = "{folder}/root"\nstate = "{folder}/state"\n'
            f'[grpc]\n  address = "{socket}"\n'
            '[plugins."io.containerd.grpc.v1.cri"]\n  sandbox_image = "bench.local/pause:1"\n'
            '  restrict_oom_score_adj = true\n'
            '[plugins."io.containerd.grpc.v1.cri".containerd]\n  snapshotter = "native"\n'
            f'[plugins."io.containerd.grpc.v1.cri".cni]\n  bin_dir = "{plugins}"\n'
            f'  conf_dir = "{networks}"\n')
        self.log = open(folder / "log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            ["containerd", "--config", folder / "config.toml"], stdout=self.log, stderr=subprocess.STDOUT)
        lab.until(socket.exists, 20, f"socket of containerd; its log is {folder}/log")
        subprocess.run(
            ["ctr", "--address", socket, "-n", "k8s.io", "images", "import", pause_image(folder / "pause")],
            check=True, stdout=subprocess.DEVNULL)
        channel = grpc.insecure_channel(f"unix://{socket}", options=OPTIONS)
        self.cri = stubs.RuntimeServiceStub(channel)

    def end(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


def rounds(node):
    """RunPodSandbox, and Stop and Remove together, of both runtimes in turns."""
    peers = [("vm-runtime", node.cri, node.process.pid)]
    containerd = None
    if shutil.which("containerd"):
        containerd = Containerd()
        peers.append(("containerd", containerd.cri, containerd.process.pid))
    else:
        print("containerd is not installed (apt-get install containerd runc): it is left out", file=sys.stderr)
    run = {name: [] for name, _, _ in peers}
    undo = {name: [] for name, _, _ in peers}
    try:
        for number in range(ROUNDS + 2):
            for name, stub, _ in peers if number % 2 else reversed(peers):
                config = pod(f"bench{number}")
                config.metadata.uid += name
                config.linux.cgroup_parent = f"/{lab.GROUP}/bench-{name}"
                took, answer = timed(lambda: stub.RunPodSandbox(cri.RunPodSandboxRequest(config=config)))
                identifier = answer.pod_sandbox_id

                def remove():
                    stub.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=identifier))
                    stub.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=identifier))

                undone, _ = timed(remove)
                # The first rounds warm the caches up.
                if number >= 2:
                    run[name].append(took)
                    undo[name].append(undone)
    finally:
        if containerd:
            containerd.end()
    for name, _, _ in peers:
        ratio = statistics.median(run[name]) / statistics.median(run[peers[-1][0]])
        print(
            f"| {name} | {statistics.median(run[name]):.1f} | {max(run[name]):.1f} | {ratio:.2f} | "
            f"{statistics.median(undo[name]):.1f} |")


def bench(node):
    """Costs of calls, and of sandboxes beside containerd's."""
    node.start("--log-level", "error")
    node.pull()
    idle = anonymous(node.process.pid)
    print("| RunPodSandbox | p50 ms | most ms | x containerd | Stop and Remove p50 ms |\n|---|---|---|---|---|")
    rounds(node)
    print("\n| call | pods | p50 ms | p99 ms | CPU ms | bytes of answer |\n|---|---|---|---|---|---|")
    made = []
    for number in range(PODS):
        config = pod(f"list{number}")
        identifier = node.run(config)
        made.append(identifier)
        node.create(identifier, config, machine())
        if number == 0:
            measure(node, 1)
    measure(node, PODS)
    full = anonymous(node.process.pid)
    print(
        f"\nAnonymous memory: {idle:.1f} MiB idle, {full:.1f} MiB with {PODS} pods: "
        f"{(full - idle) / PODS:.3f} MiB a pod.")
    for identifier in made:
        node.remove_pod(identifier)


if __name__ == "__main__":
    lab.main(bench)
