"""What a report says, and its three forms. Every sentence is made from findings; templates contain no arithmetic."""
