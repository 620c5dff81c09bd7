// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Pods
import Testing

@testable import PodRuntime

@Suite struct DescriptorRoomTests {
    @Test func `a call is refused where its descriptors would be the last, and told why`() async throws {
        let room = DescriptorRoom(limit: DescriptorRoom.reserve + DescriptorRoom.mostOfACall)
        let error = await #expect(throws: PodServiceError.self) {
            try await room.holding { () async throws(PodServiceError) in }
        }
        #expect(error?.kind == .resourceExhausted)
        #expect(error?.message.contains("LimitNOFILE=") == true)
    }

    @Test func `each call that runs counts, until it ends`() async throws {
        let room = DescriptorRoom(limit: 4096)
        for _ in 0..<1000 { try await room.holding { () async throws(PodServiceError) in } }
        let limited = DescriptorRoom(limit: 1024)
        func nest(_ depth: Int) async throws(PodServiceError) {
            try await limited.holding { () async throws(PodServiceError) in try await nest(depth + 1) }
        }
        let error = await #expect(throws: PodServiceError.self) { try await nest(0) }
        #expect(error?.kind == .resourceExhausted)
        try await limited.holding { () async throws(PodServiceError) in }
    }
}
