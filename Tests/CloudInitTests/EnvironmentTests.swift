// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CloudInit
import Testing

@Suite struct EnvironmentTests {
    private func text(_ variables: (String, String)...) -> String? {
        let file = GuestFile.environment(variables.map { (name: $0.0, value: $0.1) })
        guard case .text(let text)? = file?.content else { return nil }
        return text
    }

    @Test func `harmless values stand as Virtlet wrote them, others in double quotes`() {
        #expect(text(("PATH", "/bin:/usr/bin"), ("N", "1"), ("E", "")) == "PATH=/bin:/usr/bin\nN=1\nE=\n")
        #expect(text(("A", "a b"), ("B", "\"$`\\")) == "A=\"a b\"\nB=\"\\\"\\$\\`\\\\\"\n")
    }

    @Test func `without variables there is no file`() { #expect(GuestFile.environment([]) == nil) }

    @Test(arguments: ["my.var", "1st", "a-b", "", "ä", "a b", "x\nEVIL=1", "a\\", "A\u{0}"])
    func `a name that sh does not take is left out, in words that stay in their line`(name: String) throws {
        let text = text((name, "secret"), ("OK", "1"))
        let lines = text?.split(separator: "\n").map(String.init) ?? []
        #expect(lines.count == 2 && lines.first?.hasPrefix("# ") == true && lines.last == "OK=1")
        #expect(lines.first?.hasSuffix("is left out: it is not a valid shell variable") == true)
        #expect(text?.contains("secret") == false)
    }
}
