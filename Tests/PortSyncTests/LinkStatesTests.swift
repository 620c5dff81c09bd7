// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Netlink
import Testing

@testable import PortSync

@Suite struct LinkStatesTests {
    private func event(
        _ index: Int32,
        _ name: String,
        isGone: Bool = false,
        isUp: Bool = true,
        isRunning: Bool = true
    ) -> LinkEvent { LinkEvent(index: index, name: name, isGone: isGone, isUp: isUp, isRunning: isRunning) }

    @Test func `only what differs from before is a change`() {
        var states = LinkStates()
        #expect(states.apply(event(1, "tap1")) == ["tap1"])
        #expect(states.apply(event(1, "tap1")) == [])
        #expect(states.apply(event(1, "tap1", isRunning: false)) == ["tap1"])
        #expect(states.state("tap1") == .init(isUp: true, isRunning: false))
        #expect(states.apply(event(1, "tap1", isGone: true)) == ["tap1"])
        #expect(states.state("tap1") == nil)
        #expect(states.apply(event(1, "tap1", isGone: true)) == [])
    }

    @Test func `under a new name the old one is gone`() {
        var states = LinkStates()
        _ = states.apply(event(1, "tap1"))
        #expect(states.apply(event(1, "tap2")) == ["tap1", "tap2"])
        #expect(states.state("tap1") == nil && states.state("tap2") != nil)
    }

    @Test func `states have words`() {
        #expect(LinkStates.word(nil) == "gone")
        #expect(LinkStates.word(.init(isUp: false, isRunning: false)) == "administratively down")
        #expect(LinkStates.word(.init(isUp: true, isRunning: false)) == "up without a carrier")
        #expect(LinkStates.word(.init(isUp: true, isRunning: true)) == "up")
    }
}
