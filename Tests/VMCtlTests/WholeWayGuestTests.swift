// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The whole way, with the plugins, the simulated agent, libvirtd and real guests, by scripts that an operator can run.
@Suite(.serialized) struct WholeWayGuestTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent().path

    @Test(.timeLimit(.minutes(8)))
    func
        `a guest is configured by cloud-init where no DHCP answers, and by DHCP where its seed says nothing`()
        throws
    {
        let run = try Programs.run("\(Self.root)/Tests/VMCtlTests/two-boots", [], seconds: 420)
        #expect(run.status == 0 && run.output.contains("all checks passed"), "\(run.output)\n\(run.errors)")
    }

    @Test(.timeLimit(.minutes(8)))
    func `the demo sees all its flows and leaves nothing`() throws {
        let run = try Programs.run("\(Self.root)/tools/demo", [], seconds: 420)
        #expect(
            run.status == 0 && run.output.contains("all 20 flows were seen"),
            "\(run.output)\n\(run.errors)"
        )
    }
}
