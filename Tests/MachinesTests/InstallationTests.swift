// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Machines

@Suite struct InstallationTests {
    @Test(arguments: [
        ("/usr/bin/vm-runtime", "/usr/libexec/contrail-vm"),
        ("/usr/local/bin/vm-runtime", "/usr/local/libexec/contrail-vm"),
        // After an upgrade, before its restart.
        ("/opt/vm/bin/vm-runtime (deleted)", "/opt/vm/libexec/contrail-vm"),
        ("/root/build/release/vm-runtime", "/usr/local/libexec/contrail-vm"),
        ("", "/usr/local/libexec/contrail-vm"),
    ])
    func `what belongs to a program is beside its prefix's bin`(program: String, folder: String) {
        #expect(Installation.folder(of: program) { _ in true } == folder)
        #expect(Installation.folder(of: program) { _ in false } == "/usr/local/libexec/contrail-vm")
    }
}
