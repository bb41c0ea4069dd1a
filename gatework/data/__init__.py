"""What goes in: a table or a file becomes ragged series on one regular grid."""
