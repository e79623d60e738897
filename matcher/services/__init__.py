"""What people do, one function per act: each takes a session, the actor and the time, and never commits."""
