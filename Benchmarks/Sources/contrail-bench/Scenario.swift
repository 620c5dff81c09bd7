// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The pod that is attached and detached, the same for all peers.
enum Scenario {
    /// The agent's folder; the ports' files are in `vm` below it.
    static let stateFolder = "/run/ports"

    /// The environment of a plugin for one of the pods: 0 to 99.
    static func environment(
        _ command: String,
        pod: Int,
        namespace: String,
        plugins: String
    ) -> [String:
        String]
    {
        let number = String(pod + 100).dropFirst()
        return [
            "CNI_COMMAND": command,
            "CNI_CONTAINERID": "3e4b1c55c4d0f1a0a7be4e3fb3d2c7f10a6f0d1f2b9e8c7d6a5b4c3d2e1f0a\(number)",
            "CNI_NETNS": namespace,
            "CNI_IFNAME": "eth0",
            "CNI_PATH": plugins,
            "CNI_ARGS":
                "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-\(pod);K8S_POD_UID=0b5c1a523a9011ee9c410242ac1100\(number)",
        ]
    }

    /// The configuration of contrail-cni and of the limit program.
    static let contrail = """
        {"cniVersion":"1.1.0","name":"contrail","type":"contrail-cni","contrail":{"cluster-name":"k8s","mtu":1500,\
        "config-dir":"\(stateFolder)/vm","log-file":"/run/contrail-cni.log","state-dir":"/run/contrail-vm-state",\
        "run-dir":"/run/contrail-vm"}}
        """

    /// The configuration of Debian's bridge with host-local: the same addresses, gateways and default routes.
    static let bridge = """
        {"cniVersion":"1.0.0","name":"bench","type":"bridge","bridge":"cni0","isGateway":true,"mtu":1500,\
        "ipam":{"type":"host-local","dataDir":"/run/host-local","ranges":[\
        [{"subnet":"10.48.0.0/16","gateway":"10.48.255.254"}],[{"subnet":"fd00:48::/64","gateway":"fd00:48::fe"}]],\
        "routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]}}
        """
}
