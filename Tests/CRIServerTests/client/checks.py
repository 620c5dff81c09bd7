# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""Checks of vm-runtime's calls from outside: python checks.py NAME. Each is told by its function's name."""

import os
import pathlib
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from cri_api.v1 import api_pb2 as cri
from google.protobuf import descriptor_pb2

from image_pulls import image_server, pull, status as image_status
from server import LIMIT, Server, refused, sandbox

CODE = grpc.StatusCode
UNSERVED = """ExecSync Exec Attach PortForward CheckpointContainer ListMetricDescriptors ListPodSandboxMetrics GetContainerEvents
UpdatePodSandboxResources StreamPodSandboxes StreamContainers StreamContainerStats StreamPodSandboxStats
StreamPodSandboxMetrics CheckpointPod RestorePod""".split()


def version(server):
    answer = server.start().runtime().Version(cri.VersionRequest(version="v1"))
    assert answer.version == "0.1.0" and answer.runtime_name == "contrail-vm", answer
    assert answer.runtime_api_version == "v1" and answer.runtime_version.count(".") == 2, answer


def status(server):
    answer = server.start().runtime().Status(cri.StatusRequest(verbose=True))
    conditions = {condition.type: condition for condition in answer.status.conditions}
    assert set(conditions) == {"RuntimeReady", "NetworkReady"}, answer
    for condition in conditions.values():
        assert condition.status or (condition.reason and condition.message), condition
    assert [handler.name for handler in answer.runtime_handlers] == ["", "vm"], answer
    server.terminate()
    assert server.wait() == 0
    answer = server.start("--runtime-handlers", "none").runtime().Status(cri.StatusRequest())
    assert [handler.name for handler in answer.runtime_handlers] == [""], answer


def runtime_config(server):
    for word, number in [("systemd", 0), ("cgroupfs", 1)]:
        server.start("--cgroup-driver", word)
        answer = server.runtime().RuntimeConfig(cri.RuntimeConfigRequest())
        assert answer.linux.cgroup_driver == number, answer
        server.terminate()
        assert server.wait() == 0
    server.start()
    server.runtime().UpdateRuntimeConfig(
        cri.UpdateRuntimeConfigRequest(runtime_config=cri.RuntimeConfig(network_config=cri.NetworkConfig(pod_cidr="10.1.0.0/24")))
    )
    assert "UpdateRuntimeConfig pod-cidr=10.1.0.0/24 ms=" in server.text(), server.text()


def unknown_ids(server):
    runtime = server.start().runtime()
    where = "no-such-thing"
    container = cri.ContainerConfig(metadata=cri.ContainerMetadata(name="vm"), image=cri.ImageSpec(image="debian"))
    for call in [
        lambda: runtime.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=where)),
        lambda: runtime.ContainerStatus(cri.ContainerStatusRequest(container_id=where)),
        lambda: runtime.StartContainer(cri.StartContainerRequest(container_id=where)),
        lambda: runtime.ReopenContainerLog(cri.ReopenContainerLogRequest(container_id=where)),
        lambda: runtime.UpdateContainerResources(
            cri.UpdateContainerResourcesRequest(container_id=where, linux=cri.LinuxContainerResources(cpu_shares=2))
        ),
        lambda: runtime.CreateContainer(cri.CreateContainerRequest(pod_sandbox_id=where, config=container)),
    ]:
        refused(CODE.NOT_FOUND, call, where)
    refused(CODE.NOT_FOUND, lambda: runtime.ContainerStats(cri.ContainerStatsRequest(container_id=where)), where)
    refused(CODE.NOT_FOUND, lambda: runtime.PodSandboxStats(cri.PodSandboxStatsRequest(pod_sandbox_id=where)), where)
    # What is gone is stopped and removed already.
    runtime.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=where))
    runtime.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=where))
    runtime.StopContainer(cri.StopContainerRequest(container_id=where, timeout=1))
    runtime.RemoveContainer(cri.RemoveContainerRequest(container_id=where))
    assert not runtime.ListPodSandbox(cri.ListPodSandboxRequest(filter=cri.PodSandboxFilter(id=where))).items
    assert not runtime.ListContainers(cri.ListContainersRequest(filter=cri.ContainerFilter(id=where))).containers
    # An error of a list would cost kubelet the summary of the whole node.
    for wanted in (None, cri.ContainerStatsFilter(id=where), cri.ContainerStatsFilter(pod_sandbox_id=where, label_selector={"a": "b"})):
        assert not runtime.ListContainerStats(cri.ListContainerStatsRequest(filter=wanted)).stats
    for wanted in (None, cri.PodSandboxStatsFilter(id=where, label_selector={"a": "b"})):
        assert not runtime.ListPodSandboxStats(cri.ListPodSandboxStatsRequest(filter=wanted)).stats


def empty_ids(server):
    runtime = server.start().runtime()
    for call in [
        lambda: runtime.StopPodSandbox(cri.StopPodSandboxRequest()),
        lambda: runtime.RemovePodSandbox(cri.RemovePodSandboxRequest()),
        lambda: runtime.PodSandboxStatus(cri.PodSandboxStatusRequest()),
        lambda: runtime.CreateContainer(cri.CreateContainerRequest()),
        lambda: runtime.PodSandboxStats(cri.PodSandboxStatsRequest()),
    ]:
        refused(CODE.INVALID_ARGUMENT, call, "pod_sandbox_id is empty")
    for call in [
        lambda: runtime.StartContainer(cri.StartContainerRequest()),
        lambda: runtime.StopContainer(cri.StopContainerRequest()),
        lambda: runtime.RemoveContainer(cri.RemoveContainerRequest()),
        lambda: runtime.ContainerStatus(cri.ContainerStatusRequest()),
        lambda: runtime.UpdateContainerResources(cri.UpdateContainerResourcesRequest()),
        lambda: runtime.ReopenContainerLog(cri.ReopenContainerLogRequest()),
        lambda: runtime.ContainerStats(cri.ContainerStatsRequest()),
    ]:
        refused(CODE.INVALID_ARGUMENT, call, "container_id is empty")


def incomplete_requests(server):
    runtime = server.start().runtime()

    def run(config=None):
        return lambda: runtime.RunPodSandbox(cri.RunPodSandboxRequest(config=config))

    refused(CODE.INVALID_ARGUMENT, run(), "config")
    refused(CODE.INVALID_ARGUMENT, run(cri.PodSandboxConfig(hostname="a")), "metadata")
    for field in ("name", "uid", "namespace"):
        config = sandbox()
        config.metadata.ClearField(field)
        refused(CODE.INVALID_ARGUMENT, run(config), field)
    for container, word in [
        (cri.ContainerConfig(), "metadata"),
        (cri.ContainerConfig(metadata=cri.ContainerMetadata(attempt=1)), "name"),
        (cri.ContainerConfig(metadata=cri.ContainerMetadata(name="vm")), "image"),
    ]:
        request = cri.CreateContainerRequest(pod_sandbox_id="a", config=container)
        refused(CODE.INVALID_ARGUMENT, lambda: runtime.CreateContainer(request), word)
    refused(CODE.INVALID_ARGUMENT, lambda: runtime.CreateContainer(cri.CreateContainerRequest(pod_sandbox_id="a")), "config")
    request = cri.UpdateContainerResourcesRequest(container_id="a")
    refused(CODE.INVALID_ARGUMENT, lambda: runtime.UpdateContainerResources(request), "linux")
    request = cri.StopContainerRequest(container_id="a", timeout=-1)
    refused(CODE.INVALID_ARGUMENT, lambda: runtime.StopContainer(request), "timeout")
    # The interface demands an error of a group without a user.
    config = sandbox()
    config.linux.security_context.run_as_group.value = 1
    refused(CODE.INVALID_ARGUMENT, run(config), "runAsGroup")
    config.linux.security_context.run_as_user.value = 1
    refused(CODE.UNAVAILABLE, run(config))
    container = cri.ContainerConfig(metadata=cri.ContainerMetadata(name="vm"), image=cri.ImageSpec(image="debian"))
    container.linux.security_context.run_as_group.value = 1
    request = cri.CreateContainerRequest(pod_sandbox_id="a", config=container)
    refused(CODE.INVALID_ARGUMENT, lambda: runtime.CreateContainer(request), "runAsGroup")
    for change in (lambda context: context.run_as_user.SetInParent(), lambda context: setattr(context, "run_as_username", "me")):
        container.linux.security_context.ClearField("run_as_user")
        change(container.linux.security_context)
        request = cri.CreateContainerRequest(pod_sandbox_id="a", config=container)
        refused(CODE.NOT_FOUND, lambda request=request: runtime.CreateContainer(request))
    request = cri.RunPodSandboxRequest(config=sandbox(), runtime_handler="kata")
    refused(CODE.INVALID_ARGUMENT, lambda: runtime.RunPodSandbox(request), "runtime_handler", "kata")
    for port in (-1, 0, 65536):
        config = sandbox(port_mappings=[cri.PortMapping(container_port=port, host_port=80)])
        refused(CODE.INVALID_ARGUMENT, run(config), "port")


def unknown_words(server):
    runtime = server.start().runtime()
    calls = [
        lambda: runtime.RunPodSandbox(
            cri.RunPodSandboxRequest(config=sandbox(port_mappings=[cri.PortMapping(protocol=77, container_port=1)]))
        ),
        lambda: runtime.RunPodSandbox(
            cri.RunPodSandboxRequest(
                config=sandbox(
                    linux=cri.LinuxPodSandboxConfig(
                        security_context=cri.LinuxSandboxSecurityContext(namespace_options=cri.NamespaceOption(network=77))
                    )
                )
            )
        ),
        lambda: runtime.ListPodSandbox(
            cri.ListPodSandboxRequest(filter=cri.PodSandboxFilter(state=cri.PodSandboxStateValue(state=77)))
        ),
        lambda: runtime.ListContainers(
            cri.ListContainersRequest(filter=cri.ContainerFilter(state=cri.ContainerStateValue(state=77)))
        ),
        lambda: runtime.CreateContainer(
            cri.CreateContainerRequest(
                pod_sandbox_id="a",
                config=cri.ContainerConfig(
                    metadata=cri.ContainerMetadata(name="vm"),
                    image=cri.ImageSpec(image="debian"),
                    mounts=[cri.Mount(container_path="/a", host_path="/b", propagation=77)],
                ),
            )
        ),
    ]
    for call in calls:
        refused(CODE.INVALID_ARGUMENT, call, "77")
    # A field that is not known here is not an error: the interface grows.
    unknown = cri.VersionRequest(version="v1").SerializeToString() + b"\xfa\x3e\x03new"
    assert b"contrail-vm" in server.raw("Version", unknown)


def unserved(server):
    server.start()
    for call in UNSERVED:
        try:
            server.raw(call, kind="unary_stream")
        except grpc.RpcError as error:
            assert error.code() == CODE.UNIMPLEMENTED, (call, error)
            assert error.details().startswith(f"{call} is not served: "), error.details()
        else:
            raise AssertionError(f"{call} was answered")
    refused(CODE.UNIMPLEMENTED, lambda: server.raw("StreamImages", service="runtime.v1.ImageService"), "ListImages")


def unknown_calls(server):
    server.start()
    refused(CODE.UNIMPLEMENTED, lambda: server.raw("NoSuchCall"))
    refused(CODE.UNIMPLEMENTED, lambda: server.raw("Version", service="runtime.v1alpha2.RuntimeService"))


def malformed(server):
    server.start()
    for bytes_ in [b"\xff" * 9, b"\x0a\xff\xff\xff\xff\x0f", b"\x0b", b"\x0a\x02\xff\xfe", b"\x0a\x05ab"]:
        refused(CODE.INVALID_ARGUMENT, lambda: server.raw("RunPodSandbox", bytes_), "RunPodSandboxRequest")
        refused(CODE.INVALID_ARGUMENT, lambda: server.raw("PodSandboxStatus", bytes_), "PodSandboxStatusRequest")
    # Messages in messages, far deeper than any request: cut off, not followed.
    deep = b""
    for _ in range(100_000):
        deep = b"\x0b" + deep
    refused(CODE.INVALID_ARGUMENT, lambda: server.raw("RunPodSandbox", deep))
    assert server.runtime().Version(cri.VersionRequest()).runtime_name == "contrail-vm"


def broken_connections(server):
    server.start()
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    for bytes_ in [b"", b"GET / HTTP/1.1\r\n\r\n", preface[:9], preface + b"\0" * 9 + b"\xff" * 4096, os.urandom(65536)]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(server.socket))
            try:
                connection.sendall(bytes_)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
            except (BrokenPipeError, ConnectionResetError):
                pass
    assert server.runtime().Version(cri.VersionRequest()).runtime_name == "contrail-vm"


def large_labels(server):
    runtime = server.start().runtime()
    labels = {"huge": "x" * (1 << 20), **{f"label-{number}": "y" * 100 for number in range(1000)}}
    request = cri.RunPodSandboxRequest(config=sandbox(labels=labels, annotations=labels))
    refused(CODE.UNAVAILABLE, lambda: runtime.RunPodSandbox(request))
    answer = runtime.ListPodSandbox(cri.ListPodSandboxRequest(filter=cri.PodSandboxFilter(label_selector=labels)))
    assert not answer.items
    identifier = "z" * (1 << 20)
    words = refused(CODE.NOT_FOUND, lambda: runtime.ContainerStatus(cri.ContainerStatusRequest(container_id=identifier)))
    assert len(words) < 1000, len(words)
    runtime.StopContainer(cri.StopContainerRequest(container_id="a\nb\x1b" + identifier))
    assert max(map(len, server.text().splitlines())) < 1000 and "container=a?b?zzz" in server.text(), server.text()


def message_limit(server):
    runtime = server.start().runtime()

    def status_of(size):
        return lambda: runtime.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id="x" * size))

    refused(CODE.NOT_FOUND, status_of(LIMIT - 64))
    refused(CODE.RESOURCE_EXHAUSTED, status_of(LIMIT + 64), str(LIMIT))
    # Far beyond, the stream is reset unread; the server goes on.
    refused(CODE.CANCELLED, status_of(2 * LIMIT + 64))
    refused(CODE.NOT_FOUND, status_of(1))


def cancelled(server):
    server.start()
    channel = server.channel()
    call = channel.stream_unary("/runtime.v1.RuntimeService/Version", request_serializer=lambda message: message)
    held = []
    for _ in range(50):
        release = threading.Event()
        held.append(release)

        def requests(release=release):
            release.wait(20)
            yield b""

        future = call.future(requests())
        assert future.cancel() or future.done()
    # A deadline that has passed is a call given up, too.
    try:
        call(iter(()), timeout=0.001)
    except grpc.RpcError as error:
        assert error.code() in (CODE.DEADLINE_EXCEEDED, CODE.INVALID_ARGUMENT, CODE.CANCELLED), error
    assert call(iter([b""]), timeout=10)
    for release in held:
        release.set()


def concurrent(server):
    runtime = server.start().runtime()
    channels = [server.runtime() for _ in range(4)]

    def one(number):
        stub = channels[number % 4]
        if number % 3 == 0:
            return stub.Version(cri.VersionRequest(), timeout=30).runtime_name == "contrail-vm"
        if number % 3 == 1:
            return len(stub.Status(cri.StatusRequest(), timeout=30).status.conditions) == 2
        identifier = f"id-{number}"
        try:
            stub.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=identifier), timeout=30)
        except grpc.RpcError as error:
            # No answer is another call's.
            return error.code() == CODE.NOT_FOUND and identifier in error.details()
        return False

    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(one, range(2000)))
    assert all(answers), f"{answers.count(False)} of {len(answers)} answers were wrong"
    assert runtime.Version(cri.VersionRequest()).version == "0.1.0"


def health(server):
    server.start()

    def check(name=""):
        request = b"" if not name else b"\x0a" + bytes([len(name)]) + name.encode()
        return server.raw("Check", request, service="grpc.health.v1.Health")

    for name in ("", "runtime.v1.RuntimeService", "runtime.v1.ImageService"):
        assert check(name) == b"\x08\x01", name
    refused(CODE.NOT_FOUND, lambda: check("no.such.Service"), "no.such.Service")
    refused(CODE.UNIMPLEMENTED, lambda: server.raw("Watch", service="grpc.health.v1.Health"))


def images(server):
    images = server.start().images()
    spec = cri.ImageSpec(image="debian")
    assert not images.ListImages(cri.ListImagesRequest()).images
    assert not images.ImageStatus(cri.ImageStatusRequest(image=spec)).HasField("image")
    images.RemoveImage(cri.RemoveImageRequest(image=spec))
    # A sandbox_config that is there and empty is none; one that is wrong is refused.
    request = cri.PullImageRequest(image=spec, sandbox_config=cri.PodSandboxConfig())
    refused(CODE.UNAVAILABLE, lambda: images.PullImage(request))
    request = cri.PullImageRequest(image=spec, sandbox_config=cri.PodSandboxConfig(hostname="a"))
    refused(CODE.INVALID_ARGUMENT, lambda: images.PullImage(request), "metadata")
    images.ImageFsInfo(cri.ImageFsInfoRequest())
    for call in [
        lambda: images.ImageStatus(cri.ImageStatusRequest()),
        lambda: images.PullImage(cri.PullImageRequest()),
        lambda: images.RemoveImage(cri.RemoveImageRequest()),
    ]:
        refused(CODE.INVALID_ARGUMENT, call, "image")


def image_hosts(server):
    """Local addresses are refused, unless the operator lists them; what can't be found is told within seconds."""
    with image_server() as there:
        port = there.server_port
        images = server.start("--image-download-protocol", "http").images()
        for host in ("127.0.0.1", "localhost", "0.0.0.0"):
            refused(CODE.INVALID_ARGUMENT, lambda host=host: pull(images, f"{host}:{port}/disk"), "image-local-addresses")
        assert not there.asked
        started = time.monotonic()
        refused(CODE.UNAVAILABLE, lambda: pull(images, "nowhere.invalid/disk"), "nowhere.invalid")
        assert time.monotonic() - started < 15
        server.terminate()
        server.wait()
        images = server.start("--image-download-protocol", "http", "--image-local-addresses", f"127.0.0.1:{port}").images()
        pull(images, f"127.0.0.1:{port}/disk")
        refused(CODE.INVALID_ARGUMENT, lambda: pull(images, f"127.0.0.1:{port}/away/disk"), f"127.0.0.2:{port}")
        assert len(there.asked) == 2, there.asked


def image_credentials(server):
    """A pull's credentials go to the server that they are for; what they opened is answered to them alone."""
    with image_server() as there:
        name = f"127.0.0.1:{there.server_port}"
        translations = server.folder / "translations"
        translations.mkdir()
        (translations / "x.yaml").write_text(f"translations: [{{name: debian, url: 'http://{name}/private'}}]\n")
        images = server.start(
            "--image-download-protocol", "http", "--image-local-addresses", name, "--image-translation-dir", str(translations)
        ).images()
        me = {"username": "me", "password": "geheim"}
        # kubelet has Docker Hub's credentials for such a name, and translations lead elsewhere.
        for asked, more in [("debian", {}), (f"{name}/private", {"server_address": "https://index.docker.io/v1/"})]:
            words = refused(CODE.FAILED_PRECONDITION, lambda asked=asked, more=more: pull(images, asked, **me, **more), "docker.io")
            assert "were not sent to" in words, words
        assert {given for _, given in there.asked} == {None}, there.asked
        identifier = pull(images, f"{name}/private", **me)
        assert pull(images, "virtlet.cloud/debian", **me) == identifier
        assert pull(images, "debian", **me, server_address=f"http://{name}") == identifier
        by_digest = f"{name}/private@{identifier}"
        count = len(there.asked)
        assert pull(images, by_digest, **me) == identifier
        assert len(there.asked) == count
        for other in ({}, {"username": "me", "password": "guess"}):
            refused(CODE.FAILED_PRECONDITION, lambda other=other: pull(images, by_digest, **other), "401")
        assert len(there.asked) == count + 2
        # Content is not a key to itself.
        refused(CODE.INVALID_ARGUMENT, lambda: pull(images, f"{name}/zeros@{identifier}"), "digest")


def image_names(server):
    """An image is the same however it is asked for, and digests are shown under pulled names alone."""
    with image_server() as there:
        name = f"127.0.0.1:{there.server_port}"
        images = server.start("--image-download-protocol", "http", "--image-local-addresses", name).images()
        identifier = pull(images, f"{name}/disk:1")
        answers = [image_status(images, asked) for asked in (f"{name}/disk:1", identifier, identifier.removeprefix("sha256:"), f"{name}/disk@{identifier}")]
        assert all(answer == answers[0] for answer in answers), answers
        assert answers[0].id == identifier and answers[0].repo_tags == [f"{name}/disk:1"], answers[0]
        assert answers[0].repo_digests == [f"{name}/disk@{identifier}"], answers[0]
        assert list(images.ListImages(cri.ListImagesRequest()).images) == [answers[0]]
        named = cri.ListImagesRequest(filter=cri.ImageFilter(image=cri.ImageSpec(image=f"{name}/disk:1")))
        assert list(images.ListImages(named).images) == [answers[0]]


def image_formats(server):
    """What is not a disk is refused by name; a key takes disks in which nothing is known."""
    with image_server() as there:
        name = f"127.0.0.1:{there.server_port}"
        flags = ("--image-download-protocol", "http", "--image-local-addresses", name)
        images = server.start(*flags).images()
        refused(CODE.INVALID_ARGUMENT, lambda: pull(images, f"{name}/page"), "web page")
        refused(CODE.INVALID_ARGUMENT, lambda: pull(images, f"{name}/zeros"), "image-allow-unknown")
        server.terminate()
        server.wait()
        images = server.start(*flags, "--image-allow-unknown", "true").images()
        pull(images, f"{name}/zeros")
        refused(CODE.INVALID_ARGUMENT, lambda: pull(images, f"{name}/page"), "web page")


def secrets(server):
    images = server.start("--log-level", "debug").images()
    auth = cri.AuthConfig(username="me", password="geheim-1", auth="geheim-2", identity_token="geheim-3", registry_token="geheim-4")
    words = refused(CODE.UNAVAILABLE, lambda: images.PullImage(cri.PullImageRequest(image=cri.ImageSpec(image="debian"), auth=auth)))
    assert "geheim" not in words + server.text(), server.text()
    assert "PullImage image=debian" in server.text()


def socket_mode(server):
    os.umask(0)
    server.start()
    status_ = os.lstat(server.socket)
    assert stat.S_ISSOCK(status_.st_mode) and stat.S_IMODE(status_.st_mode) == 0o600, oct(status_.st_mode)
    server.terminate()
    ended = server.wait()
    assert ended == 0, f"{ended}: {server.text()}"
    assert not server.socket.exists()


def second_server(server):
    server.start()
    before = os.lstat(server.socket).st_ino
    second = server.spawn()
    assert second.wait(20) == 1
    assert "another vm-runtime serves" in server.text(), server.text()
    assert os.lstat(server.socket).st_ino == before
    assert server.runtime().Version(cri.VersionRequest()).runtime_name == "contrail-vm"


def foreign_server(server):
    server.socket.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as foreign:
        foreign.bind(str(server.socket))
        foreign.listen(1)
        assert server.spawn().wait(20) == 1
        assert "another program serves" in server.text(), server.text()
        assert server.socket.exists()
    server.socket.unlink()
    server.socket.write_text("precious")
    assert server.spawn().wait(20) == 1
    assert "is not a socket" in server.text() and server.socket.read_text() == "precious", server.text()


def stale_socket(server):
    server.start()
    server.process.kill()
    server.process.wait(10)
    assert server.socket.exists()
    with socket.socket(socket.AF_UNIX) as probe:
        assert probe.connect_ex(str(server.socket)) != 0
    server.start()
    assert server.runtime().Version(cri.VersionRequest()).runtime_name == "contrail-vm"


def drain(server):
    server.start()
    channel = server.channel()
    grpc.channel_ready_future(channel).result(10)
    begun, finish = threading.Event(), threading.Event()

    def requests():
        begun.set()
        finish.wait(20)
        yield b""

    call = channel.stream_unary("/runtime.v1.RuntimeService/Version", request_serializer=lambda message: message)
    future = call.future(requests(), timeout=20)
    assert begun.wait(10)
    time.sleep(0.3)
    server.terminate()
    end = time.monotonic() + 10
    while "SIGTERM" not in server.text() and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(0.3)
    assert server.process.poll() is None, "it did not wait for the call"
    with socket.socket(socket.AF_UNIX) as probe:
        assert probe.connect_ex(str(server.socket)) != 0, "it still takes connections"
    finish.set()
    assert b"contrail-vm" in future.result(10)
    assert server.wait() == 0, server.text()
    assert not server.socket.exists()


def drain_limit(server):
    server.start("--drain-timeout", "1")
    channel = server.channel()
    grpc.channel_ready_future(channel).result(10)
    never = threading.Event()

    def requests():
        never.wait(30)
        yield b""

    call = channel.stream_unary("/runtime.v1.RuntimeService/Version", request_serializer=lambda message: message)
    future = call.future(requests(), timeout=20)
    time.sleep(0.5)
    start = time.monotonic()
    server.terminate(signal.SIGINT)
    assert server.wait(10) == 0, server.text()
    assert 0.9 <= time.monotonic() - start < 5, time.monotonic() - start
    assert future.exception(10) is not None
    never.set()


def readiness(server):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        path = str(server.folder / "notify")
        notify.bind(path)
        notify.settimeout(10)
        server.start(environment={"NOTIFY_SOCKET": path})
        assert notify.recv(100) == b"READY=1"
        server.terminate()
        assert notify.recv(100) == b"STOPPING=1"
        assert server.wait() == 0


def log_lines(server):
    runtime = server.start().runtime()
    runtime.Version(cri.VersionRequest())
    runtime.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id="abc"))
    refused(CODE.UNAVAILABLE, lambda: runtime.RunPodSandbox(cri.RunPodSandboxRequest(config=sandbox())))
    lines = [line for line in server.text().splitlines() if "PodSandbox" in line or "Version" in line]
    assert len(lines) == 2, lines
    assert lines[0].startswith("<6>vm-runtime: StopPodSandbox sandbox=abc ms="), lines
    start = "<4>vm-runtime: RunPodSandbox pod=default/web uid=uid-web attempt=0 sandbox=- ms="
    assert lines[1].startswith(start) and "unavailable: " in lines[1], lines


def configuration(server):
    def run(*arguments, environment=None):
        everything = {"PATH": os.environ["PATH"], **(environment or {})}
        return subprocess.run([server.program, *arguments], env=everything, capture_output=True, text=True, timeout=20)

    file = server.folder / "vm-runtime.yaml"
    file.write_text("listen: /run/from-file.sock\nstart-limit: 7\n")
    dump = run("--config", str(file), "--start-limit", "9", "--dump-config", environment={"CONTRAIL_VM_LISTEN": "/run/e.sock"})
    assert dump.returncode == 0, dump
    assert "listen: /run/e.sock  # environment CONTRAIL_VM_LISTEN\n" in dump.stdout, dump.stdout
    assert "start-limit: 9  # flag --start-limit\n" in dump.stdout, dump.stdout
    file.write_text("start-limit: 7\n\nlisen: /a\n")
    wrong = run("--config", str(file), "--check-config")
    assert wrong.returncode == 2 and f'{file}:3: unknown key "lisen"; is "listen" meant?' in wrong.stderr, wrong
    wrong = run("--strat-limit", "3", "--check-config")
    assert wrong.returncode == 2 and 'is "--start-limit" meant?' in wrong.stderr, wrong
    missing = run("--config", "/nowhere/vm-runtime.yaml")
    assert missing.returncode == 2 and "/nowhere/vm-runtime.yaml" in missing.stderr, missing
    assert "start-limit" in run("--help").stdout
    assert run("--version").stdout.strip().count(".") == 2


def descriptors(server):
    """The numbers of our .proto are those of the independent description."""
    from cri_api.v1 import api_pb2
    from grpc_tools import protoc

    folder = pathlib.Path(__file__).resolve().parents[3] / "Sources/Runtime/CRIMessages"
    output = server.folder / "descriptors"
    assert protoc.main(["protoc", f"-I{folder}", f"--descriptor_set_out={output}", "runtime.proto"]) == 0
    ours = descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes()).file[0]
    theirs = descriptor_pb2.FileDescriptorProto()
    api_pb2.DESCRIPTOR.CopyToProto(theirs)
    messages = {message.name: {field.number: field for field in message.field} for message in ours.message_type}
    compared = 0
    for message in theirs.message_type:
        if message.name.startswith("Windows"):
            assert message.name not in messages
            continue
        for field in message.field:
            if field.type_name.startswith(".runtime.v1.Windows"):
                assert field.number not in messages[message.name]
                continue
            own = messages[message.name][field.number]
            kind = field.type
            if (message.name, field.name) == ("KeyValue", "value"):
                # A text there, bytes since then: the same on the wire.
                kind = own.type
            assert (own.name, own.type, own.label, own.type_name) == (field.name, kind, field.label, field.type_name), field
            compared += 1
    enums = {enum.name: {value.number: value.name for value in enum.value} for enum in ours.enum_type}
    for enum in theirs.enum_type:
        # Signals got a prefix since then.
        prefix = "SIGNAL_" if enum.name == "Signal" else ""
        assert enums[enum.name] == {value.number: prefix + value.name for value in enum.value}, enum.name
    services = {service.name: {method.name: method for method in service.method} for service in ours.service}
    for service in theirs.service:
        for method in service.method:
            own = services[service.name][method.name]
            assert (own.input_type, own.output_type) == (method.input_type, method.output_type), method
            assert own.server_streaming == method.server_streaming, method
    assert compared > 350, compared


def main():
    server = Server()
    try:
        globals()[sys.argv[1]](server)
    except BaseException:
        if server.log.exists():
            print(f"the log:\n{server.text()[-4000:]}", file=sys.stderr)
        raise
    finally:
        server.remove()


main()
