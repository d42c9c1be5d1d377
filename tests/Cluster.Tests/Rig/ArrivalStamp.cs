using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace OrleansCache.Cluster;

/// <summary>When bytes came to this machine, as Linux noted it, however late they are read. Elsewhere: when they are read.</summary>
/// <remarks>Linux begins to note it soon after the first socket asked; what comes before counts as come when it is read.</remarks>
internal static class ArrivalStamp
{
    private const int SocketLevel = 1;
    private const int TimestampNanoseconds = 35;
    private const int Interrupted = 4;
    private const int HeaderLength = 16;

    /// <summary>Connections that the listener accepts have stamps.</summary>
    public static void Ask(Socket listener)
    {
        if (OperatingSystem.IsLinux())
            listener.SetRawSocketOption(SocketLevel, TimestampNanoseconds, BitConverter.GetBytes(1));
    }

    /// <summary>Waits for bytes; 0 at the end of the connection.</summary>
    /// <param name="socket">Only ever used without async, which would make it non-blocking.</param>
    /// <param name="bytes">Filled from its begin on.</param>
    /// <param name="cameAt">When the last of them came.</param>
    public static int Receive(Socket socket, Span<byte> bytes, out DateTimeOffset cameAt)
    {
        if (!OperatingSystem.IsLinux())
        {
            var count = socket.Receive(bytes);
            cameAt = TimeProvider.System.GetUtcNow();
            return count;
        }

        var payload = GC.AllocateUninitializedArray<byte>(bytes.Length, pinned: true);
        var control = GC.AllocateArray<byte>(128, pinned: true);
        var part = GC.AllocateArray<nint>(2, pinned: true);
        (part[0], part[1]) = (Marshal.UnsafeAddrOfPinnedArrayElement(payload, 0), payload.Length);
        var message = new Message
        {
            Parts = Marshal.UnsafeAddrOfPinnedArrayElement(part, 0),
            PartCount = 1,
            Control = Marshal.UnsafeAddrOfPinnedArrayElement(control, 0),
            ControlLength = control.Length,
        };
        nint read;
        while ((read = ReceiveMessage(socket.SafeHandle, ref message, 0)) < 0)
        {
            if (Marshal.GetLastPInvokeError() is var error and not Interrupted)
                throw new SocketException(error, new Win32Exception(error).Message);
        }

        payload.AsSpan(0, (int)read).CopyTo(bytes);
        cameAt = read == 0 ? default : Stamp(control.AsSpan(0, (int)message.ControlLength));
        return (int)read;
    }

    private static DateTimeOffset Stamp(ReadOnlySpan<byte> control)
    {
        if (control.Length < HeaderLength + 16 || BitConverter.ToInt32(control[8..]) != SocketLevel || BitConverter.ToInt32(control[12..]) != TimestampNanoseconds)
            return TimeProvider.System.GetUtcNow();
        var (seconds, nanoseconds) = (BitConverter.ToInt64(control[HeaderLength..]), BitConverter.ToInt64(control[(HeaderLength + 8)..]));
        return DateTimeOffset.UnixEpoch.AddTicks((seconds * TimeSpan.TicksPerSecond) + (nanoseconds / TimeSpan.NanosecondsPerTick));
    }

    [DllImport("libc", EntryPoint = "recvmsg", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint ReceiveMessage(SafeHandle socket, ref Message message, int flags);

    [StructLayout(LayoutKind.Sequential)]
    private struct Message
    {
        public nint Name;
        public int NameLength;
        public nint Parts;
        public nint PartCount;
        public nint Control;
        public nint ControlLength;
        public int Flags;
    }
}
