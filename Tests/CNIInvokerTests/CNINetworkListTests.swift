// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIInvoker
import CNIProtocol
import Testing

@Suite struct CNINetworkListTests {
    private func list(_ text: String) throws -> CNINetworkList { try CNINetworkList(Array(text.utf8)) }

    @Test func `a single plugin's configuration is a list of one`() throws {
        let list = try list(#"{"cniVersion": "0.4.0", "name": "n", "type": "bridge"}"#)
        #expect(list.plugins.map(\.type) == ["bridge"])
        #expect(list.version == .v040)
    }

    @Test(arguments: ["../sh", "/bin/sh", "a/b", "", "."])
    func `a type that would lead out of the plugins' folders is refused`(type: String) {
        #expect {
            _ = try list(#"{"name": "n", "plugins": [{"type": "\#(type)"}]}"#)
        } throws: {
            ($0 as? CNIError)?.message.contains("plugins[0].type") == true
        }
    }

    @Test func `only what is declared counts as a capability`() throws {
        let list = try list(
            #"{"name": "n", "plugins": [{"type": "a", "capabilities": {"mac": true, "vmInterface": false}}]}"#
        )
        #expect(list.declares("mac"))
        #expect(!list.declares("vmInterface"))
        #expect(!list.declares("ips"))
    }
}
