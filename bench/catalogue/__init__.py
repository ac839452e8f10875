"""What there is to measure: servers, applications, scenarios, versions."""
