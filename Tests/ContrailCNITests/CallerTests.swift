// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ContrailCNI

@Suite struct CallerTests {
    @Test(arguments: [
        ("multus", "multus"), ("multus-daemon", "multus"), ("multus-shim", "x"), ("multus", "danm"),
        ("danm", "danm"), ("a-meta-plugin-w", "a-meta-plugin-with-a-long-name"), ("vmctl", "multus"),
    ])
    func `multus' processes and the configured one call for each interface`(name: String, configured: String)
    {
        #expect(Caller.isMetaPlugin(named: name, configured))
    }

    @Test(arguments: [
        ("", "multus"), ("", ""), ("containerd", "multus"), ("containerd-shim", "multus"),
        ("multusd", "multus"),
        ("Multus", "multus"), ("multu", "multus"), ("danm", "multus"),
        ("a-meta-plugin", "a-meta-plugin-with-a-long-name"),
    ])
    func `any other caller calls for all`(name: String, configured: String) {
        #expect(!Caller.isMetaPlugin(named: name, configured))
    }
}
