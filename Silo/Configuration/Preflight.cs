using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OrleansCache;

/// <summary>What can be seen to fail before anything is started, told with the option that helps.</summary>
internal static class Preflight
{
    public static void RequireIcu()
    {
        // Invariant globalization knows no culture by name, and NFC only by luck.
        try
        {
            if (CultureInfo.GetCultureInfo("nl-NL", predefinedOnly: true).NumberFormat.NumberDecimalSeparator == ",")
                return;
        }
        catch (CultureNotFoundException)
        {
        }

        throw new StartRefusedException(
            "Globalization is invariant, and keys need Unicode normalisation: unset DOTNET_SYSTEM_GLOBALIZATION_INVARIANT and InvariantGlobalization, " +
            "and " + Icu.Remedy);
    }

    public static void RequireFolder(string data)
    {
        try
        {
            Directory.CreateDirectory(data);
            var probe = Path.Combine(data, $".probe-{Environment.ProcessId}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"--data is '{data}', and it cannot be written: {e.Message} Give another folder with --data.", e);
        }
    }

    public static void RequirePort(IPAddress address, int port, string what, string option)
    {
        switch (Fault(address, port))
        {
            case null:
                return;
            case SocketError.AddressNotAvailable:
                throw new StartRefusedException($"The {what} address is {address}, and this machine has no such address; use localhost, or an address that it has.");
            case SocketError.AccessDenied:
                throw new StartRefusedException($"The {what} port is {port}, which this user may not open; choose another, from 1024 on, with {option}.");
            default:
                throw new StartRefusedException($"The {what} port {port} is in use on {address}; end the process that has it, or choose another with {option}.");
        }
    }

    /// <summary>False when nobody can listen there now.</summary>
    public static bool IsFree(IPAddress address, int port) => Fault(address, port) is null;

    private static SocketError? Fault(IPAddress address, int port)
    {
        try
        {
            using var listener = new TcpListener(address, port);
            listener.Start();
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }

    /// <summary>True when this machine has the address at all.</summary>
    public static bool Exists(IPAddress address)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
