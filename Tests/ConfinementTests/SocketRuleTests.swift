// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing

@testable import Confinement

@Suite struct SocketRuleTests {
    @Test("an instruction is laid out as struct bpf_insn is")
    func layout() {
        #expect(Instruction.exit.word == 0x95)
        #expect(Instruction.call(.currentUser).word == 0x0000_000F_0000_0085)
        // r1 = r2, both of 64 bits.
        #expect(Instruction.copy(2, to: 1).word == 0x21BF)
        #expect(Instruction.loadWord(2, from: 10, -16).word == 0x0000_0000_FFF0_A261)
        #expect(Instruction.mask(2, 0xFFFF_0000).word == 0xFFFF_0000_0000_0254)
    }

    @Test("a jump counts from the instruction behind it")
    func jumps() {
        var code = Assembly()
        code.add(.jump(.allow))
        code.add(.exit)
        code.mark(.allow)
        code.add(.exit)
        #expect(code.words == [0x0001_0005, 0x95, 0x95])
    }

    @Test("the rule for one range of users, instruction by instruction")
    func oneRange() {
        let rule = SocketRule(users: [66_000...66_899])
        #expect(
            rule.sockets == [
                0x16BF,  // r6 = r1
                0x0F_0000_0085,  // r0 = the user and group
                0x01BC,  // w1 = the user
                0x0001_01D0_0002_01A6,  // below 66000: past
                0x0001_0553_0001_0126,  // above 66899: past
                0x0001_0005,  // ours: to the verdict
                0x0002_0005,  // no range: allow
                0x00B7, 0x95,  // refuse
                0x01_0000_00B7, 0x95,  // allow
            ]
        )
    }

    @Test("jumps never leave a program, with as many networks as may be listed")
    func bounds() throws {
        let networks = (0..<64).compactMap { IPPrefix("10.\($0).0.0/16") }
        let rule = SocketRule(users: [66_000...66_899, 64_100...64_100], storage: networks)
        for words in [rule.sockets, rule.packets] {
            #expect(words.count < 4096)
            for (index, word) in words.enumerated() where word & 0x7 == 0x5 || word & 0x7 == 0x6 {
                let operation = word & 0xF0
                guard operation != 0x80, operation != 0x90 else { continue }
                let distance = Int(Int16(truncatingIfNeeded: word >> 16))
                #expect((0..<words.count).contains(index + 1 + distance), "\(index)")
            }
        }
    }
}
