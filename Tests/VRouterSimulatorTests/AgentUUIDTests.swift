// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import VRouterSimulator

@Suite struct AgentUUIDTests {
    private let id = AgentUUID(high: 0x7c1e_0b52_3a90_11ee, low: 0x9c41_0242_ac11_0002)

    @Test(
        "UUID text is read as leniently as the agent reads it",
        arguments: [
            "7c1e0b52-3a90-11ee-9c41-0242ac110002", "7C1E0B52-3A90-11EE-9C41-0242AC110002",
            "7c1e0b52-3a90-11ee-9c41-0242ac110002xyz", " 7c1e0b52-3a90- 11ee-9c41-0242ac11\t0002 ",
        ]
    )
    func lenient(text: String) {
        #expect(AgentUUID(lenient: text.utf8) == id)
        #expect(id.text == "7c1e0b52-3a90-11ee-9c41-0242ac110002")
    }

    @Test(
        "What is not a UUID is the nil UUID",
        arguments: [
            "", "garbage", "7c1e0b523a9011ee9c410242ac110002", "{7c1e0b52-3a90-11ee-9c41-0242ac110002}",
            "7c1e0b52-3a90-11ee-9c41-0242ac11000",
        ]
    )
    func none(text: String) {
        #expect(AgentUUID(lenient: text.utf8).isZero)
    }

    @Test(
        "URLs take the canonical form only",
        arguments: [
            "7C1E0B52-3a90-11ee-9c41-0242ac110002", "7c1e0b52-3a90-11ee-9c41-0242ac110002x",
            " c1e0b52-3a90-11ee-9c41-0242ac110002",
        ]
    )
    func canonical(text: String) {
        #expect(AgentUUID(canonical: text.utf8) == nil)
        #expect(AgentUUID(canonical: id.text.utf8) == id)
    }

    @Test("Order is the order of the bytes")
    func order() {
        let texts = ["00", "7f", "80", "ff"].map { $0 + "000000-0000-0000-0000-000000000001" }
        #expect(texts.map { AgentUUID(lenient: $0.utf8) }.sorted().map(\.text) == texts)
    }
}
