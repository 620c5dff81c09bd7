// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The built vm-runtime, driven by an independent client: Python with stubs from PyPI.
@Suite(.serialized) struct CRIServerStandInTests {
    private func check(_ name: String) async throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let root = here.deletingLastPathComponent().deletingLastPathComponent().path
        let python = "\(root)/.build-python/bin/python"
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw Programs.Missing(what: "\(python): run tools/setup")
        }
        let program = try Programs.path("vm-runtime")
        let outcome = try await TestProgram.runAside(
            [python, "-B", "\(here.path)/client/checks.py", name],
            environment: [
                "CONTRAIL_VM_PROGRAMS": URL(fileURLWithPath: program).deletingLastPathComponent().path,
                "GRPC_VERBOSITY": "NONE",
            ],
            seconds: 120
        )
        #expect(outcome.status == 0, "\(outcome.errors.suffix(3000))\(outcome.output.suffix(500))")
    }

    @Test("the numbers of our description are those of an independent one", .rule("WIRE-1"))
    func descriptors() async throws { try await check("descriptors") }

    @Test("Version tells who serves", .rule("Version"))
    func version() async throws { try await check("version") }

    @Test("Status has both conditions, and words where one is not met", .rule("Status"))
    func status() async throws { try await check("status") }

    @Test("RuntimeConfig tells the configured cgroup driver", .rule("RuntimeConfig", "UpdateRuntimeConfig"))
    func runtimeConfig() async throws { try await check("runtime_config") }

    @Test(
        "unknown ids are not found, and what is gone is stopped and removed already",
        .rule(
            "PodSandboxStatus",
            "StopPodSandbox",
            "RemovePodSandbox",
            "ListPodSandbox",
            "CreateContainer",
            "StartContainer",
            "StopContainer",
            "RemoveContainer",
            "ListContainers",
            "ContainerStatus",
            "UpdateContainerResources",
            "ReopenContainerLog",
            "ContainerStats",
            "ListContainerStats",
            "PodSandboxStats",
            "ListPodSandboxStats"
        )
    )
    func unknownIDs() async throws { try await check("unknown_ids") }

    @Test("an empty id is refused: it would be the beginning of any", .rule("HOSTILE-1"))
    func emptyIDs() async throws { try await check("empty_ids") }

    @Test(
        "requests without what they must have are refused, naming it",
        .rule("RunPodSandbox", "CreateContainer", "HOSTILE-1")
    )
    func incompleteRequests() async throws { try await check("incomplete_requests") }

    @Test("unknown words of an enumeration are refused, unknown fields are not", .rule("HOSTILE-2"))
    func unknownWords() async throws { try await check("unknown_words") }

    @Test("calls that are not served say so, and what to do", .rule("UNSERVED"))
    func unserved() async throws { try await check("unserved") }

    @Test("unknown calls and services are unimplemented", .rule("WIRE-2"))
    func unknownCalls() async throws { try await check("unknown_calls") }

    @Test("bytes that are no message are refused", .rule("HOSTILE-3"))
    func malformed() async throws { try await check("malformed") }

    @Test("connections that speak no HTTP/2 disturb nobody", .rule("HOSTILE-3"))
    func brokenConnections() async throws { try await check("broken_connections") }

    @Test(
        "labels and ids of 1 MiB are taken, and do not come back in messages or the log",
        .rule("HOSTILE-4")
    )
    func largeLabels() async throws { try await check("large_labels") }

    @Test("messages up to 16 MiB are taken, larger ones refused", .rule("WIRE-3"))
    func messageLimit() async throws { try await check("message_limit") }

    @Test("calls that were given up leave the server serving", .rule("WIRE-4"))
    func cancelled() async throws { try await check("cancelled") }

    @Test("2000 calls, 64 at once, each get their own answer", .rule("WIRE-4"))
    func concurrent() async throws { try await check("concurrent") }

    @Test("the health service tells what is served", .rule("HEALTH"))
    func health() async throws { try await check("health") }

    @Test(
        "images: none are there, and a name is needed",
        .rule("ListImages", "ImageStatus", "PullImage", "RemoveImage", "ImageFsInfo")
    )
    func images() async throws { try await check("images") }

    @Test("local addresses serve no images unless they are configured", .rule("IMAGE-HOSTS", "PullImage"))
    func imageHosts() async throws { try await check("image_hosts") }

    @Test("credentials go to their server, and what they opened to them", .rule("IMAGE-CREDENTIALS"))
    func imageCredentials() async throws { try await check("image_credentials") }

    @Test("an image is the same by tag, digest and id", .rule("ImageStatus", "IMAGE-DIGESTS", "ListImages"))
    func imageNames() async throws { try await check("image_names") }

    @Test("what is no disk is no image", .rule("IMAGE-FORMATS"))
    func imageFormats() async throws { try await check("image_formats") }

    @Test("secrets get neither into the log nor into messages", .rule("HOSTILE-5"))
    func secrets() async throws { try await check("secrets") }

    @Test("the socket's mode is 0600 under any umask, and it is gone at the end", .rule("SOCKET-1"))
    func socketMode() async throws { try await check("socket_mode") }

    @Test("a second server on the same socket is refused", .rule("SOCKET-2"))
    func secondServer() async throws { try await check("second_server") }

    @Test("another program's socket, and what is no socket, stay", .rule("SOCKET-2"))
    func foreignServer() async throws { try await check("foreign_server") }

    @Test("a stale socket is replaced", .rule("SOCKET-3"))
    func staleSocket() async throws { try await check("stale_socket") }

    @Test("SIGTERM lets calls that have begun come to their end", .rule("LIFE-1"))
    func drain() async throws { try await check("drain") }

    @Test("calls that do not end are cut off after the configured time", .rule("LIFE-1"))
    func drainLimit() async throws { try await check("drain_limit") }

    @Test("systemd is told when it serves and when it stops", .rule("LIFE-2"))
    func readiness() async throws { try await check("readiness") }

    @Test("the log has a line for each call that changes something", .rule("LOG"))
    func logLines() async throws { try await check("log_lines") }

    @Test(
        "flags override the environment, which overrides the file; errors name line and key",
        .rule("LIFE-3")
    )
    func configuration() async throws { try await check("configuration") }
}
