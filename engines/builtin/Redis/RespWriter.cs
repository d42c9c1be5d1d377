namespace OrleansCache.Redis;

internal static class RespWriter
{
    private const int MaxHeader = 16;

    /// <summary>Adds a command, whole or, if memory does not reach, not at all.</summary>
    public static void WriteCommand(this ArrayBufferWriter<byte> output, ReadOnlySpan<RedisArgument> command)
    {
        var most = MaxHeader;
        foreach (ref readonly var argument in command)
            most = checked(most + MaxHeader + argument.Length);
        output.GetSpan(most);
        output.WriteHeader('*', command.Length);
        foreach (ref readonly var argument in command)
        {
            output.WriteHeader('$', argument.Length);
            Encoding.UTF8.GetBytes(argument.Text, output);
            output.Write(argument.Bytes.Span);
            output.Write("\r\n"u8);
        }
    }

    private static void WriteHeader(this ArrayBufferWriter<byte> output, char type, int number)
    {
        Utf8.TryWrite(output.GetSpan(MaxHeader), CultureInfo.InvariantCulture, $"{type}{number}\r\n", out var written);
        output.Advance(written);
    }
}
