"""What notify adds to the operator's console: notices, calls to make, gateways and costs, templates."""
