// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Testing

@testable import VMCtl

@Suite struct VMCtlTests {
    @Test(arguments: [
        ["run", "web", "--image", "/i", "--no-network"],
        ["run", "web", "--image", "/i", "--sandbox", "abc", "--wait", "agent", "--accel", "tcg"],
        ["run", "web", "--image", "/i", "--net-conf", "a", "--net-conf", "b", "--wait", "console:login"],
        ["run", "web", "--image", "/i", "--no-network", "--dns", "10.0.0.1", "--dns", "fd00::1"],
        ["ps", "-q"], ["console", "web"], ["console", "web", "--log", "-f"], ["stop", "web", "-t", "0"],
        ["rm", "a", "b"], ["doctor", "--config", "/c"], ["ps", "--socket", "/s"],
    ])
    func `a right command line is taken`(arguments: [String]) throws {
        _ = try VMCtl.parseAsRoot(arguments)
    }

    @Test(arguments: [
        ["run", "web", "--image", "/i"], ["run", "web", "--no-network"],
        ["run", "--image", "/i", "--no-network"],
        ["run", "web", "--image", "/i", "--no-network", "--sandbox", "a"],
        ["run", "web", "--image", "/i", "--no-network", "--memory", "1"],
        ["run", "web", "--image", "/i", "--no-network", "--vcpus", "0"],
        ["run", "web", "--image", "/i", "--no-network", "--wait", "console:"],
        ["run", "web", "--image", "/i", "--no-network", "--dns", "name"],
        ["run", "web", "--image", "/i", "--no-network", "--dhcp", "--no-network-config"],
        ["run", "web", "--image", "/i", "--no-network", "--accel", "hvf"], ["console", "web", "-f"], ["stop"],
        ["rm"],
        ["stop", "web", "--timeout=-1"], ["fly"],
    ])
    func `a wrong command line is refused`(arguments: [String]) {
        #expect(throws: (any Error).self) { try VMCtl.parseAsRoot(arguments) }
    }

    @Test func `columns are aligned and lines have no blank ends`() {
        let lines = List.aligned([["NAME", "X", "Y"], ["a", "long", ""]])
        #expect(lines == ["NAME  X     Y", "a     long"])
    }

    @Test func `a finding is one line with what to do`() {
        #expect(Finding.ok("x", "is there").line == "ok    x: is there")
        #expect(Finding.fail("x", "is gone", "Bring it back.").line == "fail  x: is gone. Bring it back.")
    }
}
