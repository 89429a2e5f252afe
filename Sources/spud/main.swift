print("spud")
