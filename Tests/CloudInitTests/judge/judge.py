# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""What Debian's cloud-init makes of a seed: judge.py FOLDER MAC=NAME...
Reads the seed as its data source does, checks the cloud-config by its schema, and renders the network for netplan.
Prints one JSON object. Changes nothing. PYTHONPATH must lead to cloud-init's modules (tools/cloud-init)."""

import json
import logging
import pathlib
import sys

from cloudinit import util
from cloudinit.config import schema
from cloudinit.net import netplan, network_state
from cloudinit.sources import convert_vendordata, normalize_pubkey_data
from cloudinit.sources.DataSourceConfigDrive import read_config_drive
from cloudinit.sources.helpers import openstack

logging.getLogger().addHandler(logging.NullHandler())
folder = pathlib.Path(sys.argv[1])
macs = dict(argument.split("=") for argument in sys.argv[2:])
if (folder / "openstack").is_dir():
    seed = read_config_drive(str(folder))
    metadata = seed["metadata"]
    userdata = util.decode_binary(seed["userdata"])
    vendordata = convert_vendordata(seed.get("vendordata"))
    network = seed.get("networkdata") and openstack.convert_net_json(seed["networkdata"], known_macs=macs)
else:
    # As NoCloud reads a medium: required files, then optional ones.
    seed = util.pathprefix2dict(
        str(folder), required=["user-data", "meta-data"], optional=["vendor-data", "network-config"]
    )
    metadata = util.load_yaml(seed["meta-data"])
    userdata = util.decode_binary(seed["user-data"])
    vendordata = seed.get("vendor-data") and util.decode_binary(seed["vendor-data"])
    network = util.load_yaml(seed["network-config"]) if "network-config" in seed else None

problems = []
for text in (userdata, vendordata):
    if not text or not text.startswith("#cloud-config"):
        continue
    try:
        schema.validate_cloudconfig_schema(util.load_yaml(text), schema.get_schema(), strict=True)
    except schema.SchemaValidationError as error:
        problems.append(str(error))

rendered = None
if network:
    state = network_state.parse_net_config_data(network, skip_broken=False)
    # A renderer that writes nothing: it returns the text of the file.
    rendered = util.load_yaml(netplan.Renderer({})._render_content(state))

print(json.dumps({
    "instance-id": metadata.get("instance-id"),
    "local-hostname": metadata.get("local-hostname"),
    "keys": normalize_pubkey_data(metadata.get("public-keys")),
    "problems": problems,
    "config": util.load_yaml(vendordata or userdata, allowed=(dict, list, str)) if (vendordata or userdata) else None,
    "netplan": rendered,
}, default=str))
