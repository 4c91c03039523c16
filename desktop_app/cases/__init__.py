"""Cases: registering, editing, finding and listing them."""
