// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNIProtocol
import ContrailCNI
import TapBridge

/// Runs the plugin that the program's name stands for: one file, installed under several names.
func run(_ name: String) -> Int32 {
    switch name {
    case "contrail-cni", "contrail-k8s-cni": return runPlugin(ContrailPlugin(name: name))
    case "tap-bridge": return runPlugin(TapBridgePlugin())
    default:
        let text = "\(name): install this file as contrail-cni, contrail-k8s-cni or tap-bridge\n"
        _ = Array(text.utf8).withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
        return 1
    }
}
