// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import VMWrapper

@Suite struct WrappedInterfaceTests {
    private let text = "0,2,2,02:00:00:00:00:11,1450,pci.0,16"

    @Test func `what was written is read again`() throws {
        let interfaces = try present(
            WrappedInterface.interfaces("\(text);1,1,0,02:00:00:00:00:12,9000,pcie.0,17")
        )
        #expect(interfaces.count == 2)
        #expect(interfaces[0].descriptors == 4)
        #expect(interfaces[1].descriptors == 1)
        let again = WrappedInterface.text(interfaces)
        #expect(WrappedInterface.interfaces(again) == interfaces)
    }

    @Test func `a text that was cut off anywhere is refused`() {
        for length in 0..<text.utf8.count - 1 {
            #expect(WrappedInterface(String(text.prefix(length))) == nil, "\(length)")
        }
    }

    @Test(arguments: [
        "0,2,2,02:00:00:00:00:11,1450,pci.0,16,", "0,2,1,02:00:00:00:00:11,1450,pci.0,16",
        "0,0,0,02:00:00:00:00:11,1450,pci.0,16", "0,65,0,02:00:00:00:00:11,1450,pci.0,16",
        "0,2,0,02:00:00:00:00:1\",1450,pci.0,16", "0,2,0,02:00:00:00:00:11,67,pci.0,16",
        "0,2,0,02:00:00:00:00:11,1450,pci.1,16", "0,2,0,02:00:00:00:00:11,1450,pci.0,32",
        "0,2,0,02:00:00:00:00:11,1450,pci.0,0", "32,2,0,02:00:00:00:00:11,1450,pci.0,16",
        "-1,2,0,02:00:00:00:00:11,1450,pci.0,16", "0,2,0,02:00:00:00:00:11,1450000,pci.0,16",
        "0,2,0,02:00:00:00:00:AA,1450,pci.0,16", ";", "",
    ])
    func `a wrong text is refused`(text: String) { #expect(WrappedInterface.interfaces(text) == nil) }

    @Test func `several queues make a multi-queue device with a vector each way`() throws {
        let interface = try present(WrappedInterface(text))
        #expect(
            interface.arguments(descriptors: [5, 6, 7, 8]) == [
                "-netdev",
                #"{"type":"tap","id":"pod0","fds":"5:6","vhost":true,"vhostfds":"7:8"}"#,
                "-device",
                #"{"driver":"virtio-net-pci","netdev":"pod0","id":"nic-pod0","mac":"02:00:00:00:00:11","#
                    + #""host_mtu":1450,"romfile":"","bus":"pci.0","addr":"0x10","mq":true,"vectors":6}"#,
            ]
        )
    }

    @Test func `one queue makes a plain device`() throws {
        let interface = try present(WrappedInterface("3,1,0,02:00:00:00:00:11,1500,pcie.0,19"))
        #expect(
            interface.arguments(descriptors: [5]) == [
                "-netdev", #"{"type":"tap","id":"pod3","fds":"5"}"#, "-device",
                #"{"driver":"virtio-net-pci","netdev":"pod3","id":"nic-pod3","mac":"02:00:00:00:00:11","#
                    + #""host_mtu":1500,"romfile":"","bus":"pcie.0","addr":"0x13"}"#,
            ]
        )
    }
}
