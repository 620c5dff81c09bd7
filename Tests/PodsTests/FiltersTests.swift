// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Pods
import Testing

@Suite struct FiltersTests {
    private let sandboxes = [
        Self.sandbox("aa11", .ready, ["app": "web", "tier": "front"]),
        Self.sandbox("aa22", .notReady, ["app": "web"]),
        Self.sandbox("bb33", .ready, ["app": "db"]),
    ]

    private static func sandbox(
        _ id: String,
        _ state: PodSandboxState,
        _ labels: [String: String]
    ) -> PodSandbox {
        let metadata = PodSandboxMetadata(name: id, uid: "u", namespace: "default", attempt: 0)
        return PodSandbox(id: id, metadata: metadata, state: state, createdAt: 1, labels: labels)
    }

    private static func container(_ id: String, of sandbox: String, _ state: ContainerState) -> Container {
        Container(
            id: id,
            sandboxID: sandbox,
            metadata: ContainerMetadata(name: id, attempt: 0),
            image: ImageReference("image"),
            imageID: "sha256:0",
            state: state,
            createdAt: 1,
            labels: ["io.kubernetes.container.name": id]
        )
    }

    @Test("an empty filter lets all through, in their order")
    func empty() {
        #expect(PodSandboxFilter().apply(to: sandboxes).map(\.id) == ["aa11", "aa22", "bb33"])
        #expect(PodSandboxFilter(id: "").apply(to: sandboxes).count == 3)
    }

    @Test("all labels of a filter must be there, with their values")
    func labels() {
        func ids(_ labels: [String: String]) -> [String] {
            PodSandboxFilter(labels: labels).apply(to: sandboxes).map(\.id)
        }
        #expect(ids(["app": "web"]) == ["aa11", "aa22"])
        #expect(ids(["app": "web", "tier": "front"]) == ["aa11"])
        #expect(ids(["app": "web", "tier": "back"]) == [])
        #expect(ids(["other": ""]) == [])
    }

    @Test("labels are compared byte by byte")
    func bytes() {
        let composed = Self.sandbox("a", .ready, ["caf\u{e9}": "\u{e9}"])
        #expect(PodSandboxFilter(labels: ["caf\u{e9}": "\u{e9}"]).apply(to: [composed]).count == 1)
        #expect(PodSandboxFilter(labels: ["caf\u{e9}": "e\u{301}"]).apply(to: [composed]) == [])
        #expect(PodSandboxFilter(labels: ["cafe\u{301}": "\u{e9}"]).apply(to: [composed]) == [])
    }

    @Test("the state, the id and the labels must all apply")
    func together() {
        func ids(_ id: String?, _ state: PodSandboxState?, _ labels: [String: String] = [:]) -> [String] {
            PodSandboxFilter(id: id, state: state, labels: labels).apply(to: sandboxes).map(\.id)
        }
        #expect(ids(nil, .ready) == ["aa11", "bb33"])
        #expect(ids("aa22", .ready) == [])
        #expect(ids("aa22", .notReady) == ["aa22"])
        #expect(ids("bb", .ready, ["app": "db"]) == ["bb33"])
        #expect(ids("bb", .ready, ["app": "web"]) == [])
    }

    @Test("the beginning of an id counts where it is one id's only")
    func beginning() {
        #expect(PodSandboxFilter(id: "aa1").apply(to: sandboxes).map(\.id) == ["aa11"])
        #expect(PodSandboxFilter(id: "aa").apply(to: sandboxes) == [])
        #expect(PodSandboxFilter(id: "a1").apply(to: sandboxes) == [])
        #expect(PodSandboxFilter(id: "aa111").apply(to: sandboxes) == [])
    }

    @Test(
        "what a text means among ids",
        arguments: [
            ("ab", ["ab", "abc"], IdentifierMatch.one("ab")), ("ab", ["abc", "ab"], .one("ab")),
            ("a", ["ab", "abc"], .ambiguous), ("a", ["ab", "ab"], .one("ab")), ("x", ["ab"], .none),
            ("", ["ab"], .any), ("ab", [], .none),
        ]
    )
    func match(text: String, ids: [String], expected: IdentifierMatch) {
        #expect(IdentifierMatch(text, in: ids) == expected)
    }

    @Test("containers are found by their sandbox, too")
    func containers() {
        let all = [
            Self.container("c1", of: "aa11", .running), Self.container("c2", of: "aa11", .exited),
            Self.container("d3", of: "bb33", .running),
        ]
        #expect(ContainerFilter(sandboxID: "aa11").apply(to: all).map(\.id) == ["c1", "c2"])
        #expect(ContainerFilter(sandboxID: "aa").apply(to: all).map(\.id) == ["c1", "c2"])
        #expect(ContainerFilter(sandboxID: "aa11", state: .running).apply(to: all).map(\.id) == ["c1"])
        #expect(ContainerFilter(id: "d").apply(to: all).map(\.id) == ["d3"])
        let labels = ["io.kubernetes.container.name": "c2"]
        #expect(ContainerFilter(labels: labels).apply(to: all).map(\.id) == ["c2"])
    }
}

@Suite struct PodServiceErrorTests {
    @Test("a huge text of a request does not come back in a message")
    func shortened() {
        let message = PodServiceError.noSandbox(String(repeating: "x", count: 1 << 20)).message
        #expect(message.utf8.count < 256)
        #expect(PodServiceError.noContainer("abc").message == "there is no container with the id \"abc\"")
    }

    @Test("credentials do not show what they are")
    func credentials() {
        let credentials = ImageCredentials(user: "me", password: "geheim", bearerToken: "token")
        #expect("\(credentials)" == "(credentials)")
    }
}
