// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import PreparedInterface
import Testing

@Suite struct ReferencesTests {
    @Test(arguments: ["containerd", "vm-runtime", "0", String(repeating: "r", count: 63)])
    func `a runtime's name has letters, digits, '_', '.', '-', and at most 63 bytes`(text: String) {
        #expect(RuntimeName(text)?.text == text)
    }

    @Test(arguments: ["", "-a", ".a", "a/b", "a b", "\u{e4}", String(repeating: "r", count: 64)])
    func `any other runtime's name is refused`(text: String) {
        #expect(RuntimeName(text) == nil)
    }

    @Test func `only a pod's namespace has a path`() {
        #expect(NamespaceReference.host.path == nil)
        #expect(NamespaceReference.pod(path: "/run/netns/x", device: 1, inode: 2).path == "/run/netns/x")
    }
}
