// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing

@Suite struct UUIDTests {
    @Test(arguments: [
        "7c1e0b52-3a90-11ee-9c41-0242ac110002", "00000000-0000-0000-0000-000000000001",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
    ])
    func `the canonical form is kept`(text: String) {
        #expect(UUID(text)?.text == text)
    }

    /// The agent takes the first four for the nil UUID or for another spelling, and answers 200.
    @Test(arguments: [
        "", "7c1e0b523a9011ee9c410242ac110002", "{7c1e0b52-3a90-11ee-9c41-0242ac110002}",
        "7C1E0B52-3A90-11EE-9C41-0242AC110002", "7c1e0b52-3a90-11ee-9c41-0242ac11000A",
        "00000000-0000-0000-0000-000000000000", "7c1e0b52-3a90-11ee-9c41-0242ac11000",
        "7c1e0b52-3a90-11ee-9c41-0242ac1100022", " 7c1e0b52-3a90-11ee-9c41-0242ac110002",
        "7c1e0b52-3a90-11ee-9c41-0242ac110002\n", "7c1e0b52-3a90-11ee-9c41-0242ac11000g",
        "7c1e0b52a3a90-11ee-9c41-0242ac110002", "7c1e0b5-23a90-11ee-9c41-0242ac110002",
        "7c1e0b52-3a90-11ee-9c41-0242ac11000\u{e4}", "../../../../../../../../../etc/shadow",
    ])
    func `any other form, and the nil UUID, is refused`(text: String) {
        #expect(UUID(text) == nil)
    }
}
