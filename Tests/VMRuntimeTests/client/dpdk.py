# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""VMs on a DPDK node: their interfaces are vhost-user sockets, and DPDK's own testpmd is in the vRouter's place.

The lab's simulator must have the platform dpdk: lab_simulator=', "platform": "dpdk"' node vhostuser"""

import contextlib
import json
import os
import subprocess

import grpc
from cri_api.v1 import api_pb2 as cri

import lab
from guests import addresses, network
from lab import guest, machine, main, on_node, pod, same, until, wait_ready
from server import refused

SOCKETS = lab.WORK / "vrouter"


class Switch:
    """testpmd, which joins two guests: what comes in by one socket goes out by the other."""

    def __init__(self, sockets):
        ports = [f"--vdev=net_vhost{index},iface={path},queues=1,client=1" for index, path in enumerate(sockets)]
        self.log = lab.WORK / "testpmd.log"
        folder = lab.WORK / "dpdk"
        folder.mkdir(exist_ok=True)
        with open(self.log, "w", encoding="utf-8") as log:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen(
                ["dpdk-testpmd", "-l", "0,1", "--no-huge", "-m", "256", "--no-pci", "--file-prefix=lab", *ports,
                 "--", "-i", "--forward-mode=io", "--total-num-mbufs=8192"],
                stdin=subprocess.PIPE, stdout=log, stderr=log, text=True,
                env={**os.environ, "RUNTIME_DIRECTORY": str(folder)})
        until(lambda: "testpmd>" in self.log.read_text() or self.process.poll() is not None, 30, "prompt of testpmd")
        assert self.process.poll() is None, self.log.read_text()[-2000:]

    def forward(self):
        """From now on it polls, and a processor is busy."""
        self.process.stdin.write("start\n")
        self.process.stdin.flush()

    def kill(self):
        self.process.kill()
        self.process.wait(10)


def on_dpdk():
    """Makes the network that of a DPDK node."""
    SOCKETS.mkdir()
    # As the vRouter does.
    SOCKETS.chmod(0o777)
    file = lab.WORK / "net.d" / "10-pods.conflist"
    network = json.loads(file.read_text())
    network["plugins"][0]["contrail"] |= {"platform": "dpdk", "vhost-user-dir": str(SOCKETS)}
    file.write_text(json.dumps(network))


def hear(container, others):
    """A guest must hear another at all its addresses, at once or soon."""
    for address in others:
        until(lambda to=address: ", 0% packet loss" in guest(container, f"ping -c 3 -i 0.3 -W 3 {to}"), 30, f"answer of {address}")


def prepared(node, name, attempt):
    """A pod with a container that was not started; its name, ids and socket."""
    config = pod(name)
    config.metadata.attempt = attempt
    sandbox = node.run(config)
    record = json.loads((lab.WORK / "run" / "interfaces" / sandbox / "eth0.json").read_text())
    assert record["attachment"]["type"] == "vhostUser", record
    return name, sandbox, node.create(sandbox, config, machine()), record["attachment"]["path"]


def vhostuser(node):
    """Guests hear each other, also after the switch was killed; a guest that no switch serves can be stopped."""
    on_dpdk()
    node.start("--vrouter-timeout", "300", "--start-limit", "2")
    node.pull()
    before = on_node()

    def again(timeout):
        node.kill()
        node.start("--vrouter-timeout", timeout, "--start-limit", "2")

    def begun(container):
        return node.cri.StartContainer.future(cri.StartContainerRequest(container_id=container))

    # vm-runtime dies while QEMU waits.
    _, sandbox, container, path = prepared(node, "killed", 0)
    begun(container)
    until(lambda: os.path.exists(path), 20, "socket")
    again("300")
    assert node.status(container).state == cri.CONTAINER_EXITED, node.status(container)
    node.remove_pod(sandbox)
    assert not os.path.exists(path), path

    def stopped(container, start):
        """The start may not have reached the node before."""
        node.stop(container, 0)
        return start.done()

    # QEMU listens, and waits for the vRouter before it runs; a third waits for its turn. Who stops them waits for neither.
    for attempt in range(5):
        pods = [prepared(node, name, attempt) for name in ("left", "right", "third")]
        starts = [begun(container) for _, _, container, _ in pods[:2]]
        until(lambda: len(list(SOCKETS.iterdir())) == 2, 20, "sockets of both")
        starts.append(begun(pods[2][2]))

        for index in 1, 2:
            until(lambda it=index, of=pods, at=starts: stopped(of[it][2], at[it]), 20, "end of a start")
            refused(grpc.StatusCode.UNAVAILABLE, starts[index].result)
        assert not starts[0].done()
        for _, sandbox, container, _ in pods:
            node.cri.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=sandbox))
            assert node.status(container).state == cri.CONTAINER_EXITED, node.status(container)
            node.remove_pod(sandbox)
        refused(grpc.StatusCode.UNAVAILABLE, starts[0].result)

    # Nobody waits for ever.
    again("5")
    _, sandbox, container, path = prepared(node, "left", 5)
    refused(grpc.StatusCode.UNAVAILABLE, begun(container).result, path, "within 5 s")
    assert node.status(container).state == cri.CONTAINER_EXITED, node.status(container)
    node.remove_pod(sandbox)

    again("300")
    pods = [prepared(node, name, 6) for name in ("left", "right")]
    switch = Switch([path for *_, path in pods])
    with contextlib.ExitStack() as stack:
        stack.callback(lambda: switch.kill())  # the one that runs then
        for *_, container, _ in pods:
            node.begin(container)
        for name, *_ in pods:
            wait_ready(name)
        switch.forward()
        left, right = pods
        assert network(left[2])["mtu"] == 1450, network(left[2])
        hear(left[2], addresses(node, right[1]))
        switch.kill()
        switch = Switch([path for *_, path in pods])
        switch.forward()
        hear(right[2], addresses(node, left[1]))
        for _, sandbox, *_ in pods:
            node.remove_pod(sandbox)
    assert not list(SOCKETS.iterdir()), list(SOCKETS.iterdir())
    same(before, on_node())


if __name__ == "__main__":
    main(vhostuser)
