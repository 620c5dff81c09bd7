// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import Testing

@Suite struct RollbackTests {
    @Test func `steps are undone in reverse, all of them, and the failures are told`() {
        var rollback = Rollback()
        var undone: [Int] = []
        for step in 0..<4 {
            rollback.push {
                undone.append(step)
                return step % 2 == 1 ? "step \(step)" : nil
            }
        }
        #expect(rollback.unwind() == ["step 3", "step 1"])
        #expect(undone == [3, 2, 1, 0])
    }

    @Test func `what was undone is not undone again`() {
        var rollback = Rollback()
        var count = 0
        rollback.push {
            count += 1
            return "failed"
        }
        #expect(rollback.unwind() == ["failed"])
        #expect(rollback.unwind() == [])
        #expect(count == 1)
    }

    @Test func `without steps nothing is undone`() {
        var rollback = Rollback()
        #expect(rollback.unwind() == [])
    }
}
