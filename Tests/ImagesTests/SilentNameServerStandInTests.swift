// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The built vmctl in namespaces of its own, whose name servers never answer.
@Suite struct SilentNameServerStandInTests {
    @Test func `a pull waits for a silent name server for seconds, not as long as the resolver does`()
        async throws
    {
        let scratch = try ScratchFolder()
        let vmctl = try Programs.path("vmctl")
        // The resolver alone asks each of three servers twice, for 30 s and more.
        let servers = (1...3).map { "nameserver 127.0.0.\($0)\n" }.joined()
        let configuration = try scratch.file("resolv.conf", servers)
        let script = """
            mount --bind \(configuration) "$(readlink -f /etc/resolv.conf)"
            ip link set lo up
            python3 -c '
            import socket, time
            silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            silent.bind(("0.0.0.0", 53))
            time.sleep(60)' &
            silent=$!
            for _ in $(seq 200); do grep -q ":0035 " /proc/net/udp && break; sleep 0.1; done
            begin=$(date +%s)
            \(vmctl) pull -q nowhere.example/x && status=0 || status=$?
            echo $(($(date +%s) - begin))
            kill $silent
            exit $status
            """
        let run = try await TestProgram.runAside(
            ["/usr/bin/unshare", "--mount", "--net", "--", "/bin/sh", "-ec", script],
            environment: [
                "CONTRAIL_VM_STATE_DIR": "\(scratch.path)/state",
                "CONTRAIL_VM_IMAGE_DIR": "\(scratch.path)/store",
                "CONTRAIL_VM_IMAGE_TRANSLATION_DIR": "\(scratch.path)/none",
                "CONTRAIL_VM_IMAGE_RESERVE": "0",
            ]
        )
        #expect(run.status == 1, "\(run.errors)")
        #expect(run.errors.contains("nowhere.example"), "\(run.errors)")
        #expect(run.errors.contains("Resolving timed out"), "\(run.errors)")
        // Of the pull alone: this test itself waits for its turn among others.
        let seconds = try #require(Int(run.output.filter(\.isNumber)))
        #expect(seconds < 25)
        withExtendedLifetime(scratch) {}
    }
}
