pub(super) fn write(_: &super::Given<'_>, _: &mut dyn std::io::Write) -> std::io::Result<()> {
    Ok(())
}
