// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Pods
import TestSupport
import Testing

@Suite struct WithinTests {
    @Test func `a body that is in time has its answer or its error`() async throws {
        #expect(try await within(.seconds(60), "it") { () async throws(PodServiceError) in 7 } == 7)
        let error = await #expect(throws: PodServiceError.self) {
            try await within(.seconds(60), "it") { () async throws(PodServiceError) -> Int in
                throw PodServiceError(.notFound, "nothing")
            }
        }
        #expect(error?.kind == .notFound)
    }

    @Test(
        "a call that is late has an answer, and what it began goes on",
        .rule("DEADLINE"),
        .timeLimit(.minutes(1))
    )
    func late() async throws {
        let (events, feed) = AsyncStream.makeStream(of: String.self)
        let gate = AsyncStream.makeStream(of: Void.self)
        let error = await #expect(throws: PodServiceError.self) {
            try await within(.milliseconds(50), "StopContainer") { () async throws(PodServiceError) in
                // It ignores that it is cancelled.
                await Task { for await _ in gate.stream { break } }.value
                feed.yield(Task.isCancelled ? "told" : "not told")
            }
        }
        #expect(error?.kind == .deadlineExceeded)
        #expect(error?.message.hasPrefix("StopContainer has not ended within 0 s") == true)
        gate.continuation.yield()
        var iterator = events.makeAsyncIterator()
        #expect(await iterator.next() == "told")
    }

    @Test(.timeLimit(.minutes(1)))
    func `a caller that gives up cancels the body and waits for its end`() async {
        let (begun, feed) = AsyncStream.makeStream(of: Void.self)
        let caller = Task {
            try await within(.seconds(60), "it") { () async throws(PodServiceError) -> Bool in
                feed.yield()
                do { try await Task.sleep(for: .seconds(60)) } catch { return true }
                return false
            }
        }
        var iterator = begun.makeAsyncIterator()
        await iterator.next()
        caller.cancel()
        let wasTold = try? await caller.value
        #expect(wasTold == true)
    }
}
