// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

extension Simulator {
    /// What `--help` says below the summary.
    public static let help = """
        It serves the agent's port API byte for byte and, unless told not to, gives the ports a network: a bridge for \
        each virtual network, filters against foreign MACs and addresses, DHCP, router advertisements and DNS. All of \
        that is made in the network namespace where it runs, and removed at SIGTERM and SIGINT; what a run that was \
        killed left is removed by the next one.

        The data plane needs root and the programs nft and dnsmasq. Options win over the configuration file. When it \
        serves, it prints one line: "ready ADDRESS:PORT".

        The control socket takes a JSON object a line and answers with one:
          {"command": "statistics"}      requests, codes, time spent inside; "reset-statistics"
          {"command": "ports"}           ports of the data plane, their state and drops
          {"command": "set", "switch": "noDHCP", "value": true}
          {"command": "fault", "fault": {"kind": "status", "code": 500, "path": "/vm", "times": 1}}; "clear-faults"
          {"command": "add-pod", "pod": {...}}, {"command": "delete-pod", "uuid": "..."}
          {"command": "pod", "name": "k8s__default__p"}
          {"command": "known", "network": "...", "value": false}, {"command": "touch", "uuid": "..."}

        Switches: \(Switches.names.map(\.0).joined(separator: ", ")).
        """
}
