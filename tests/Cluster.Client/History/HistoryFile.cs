namespace OrleansCache.Cluster;

/// <summary>Reads what <see cref="HistoryWriter"/> wrote. A torn end, as a killed process leaves it, is left out.</summary>
public static class HistoryFile
{
    public static IReadOnlyList<Operation> Read(string path)
    {
        var operations = new List<Operation>();
        using var stream = File.OpenRead(path);
        using var reader = new BinaryReader(new BufferedStream(stream, 1 << 16));
        try
        {
            while (true)
            {
                var record = reader.ReadByte();
                var number = reader.Read7BitEncodedInt();
                if (record == HistoryWriter.CallRecord && number == operations.Count)
                    operations.Add(ReadCall(reader));
                else if (record == HistoryWriter.ReturnRecord && number < operations.Count)
                    operations[number] = ReadReturn(reader, operations[number]);
                else
                    throw new InvalidDataException($"{path} has a record of kind {record} and number {number} after {operations.Count} calls.");
            }
        }
        catch (EndOfStreamException)
        {
            return operations;
        }
    }

    private static Operation ReadCall(BinaryReader reader) => new()
    {
        Process = reader.Read7BitEncodedInt(),
        Worker = reader.Read7BitEncodedInt(),
        Key = reader.Read7BitEncodedInt(),
        Kind = (OperationKind)reader.ReadByte(),
        Guard = (Guard)reader.ReadByte(),
        Expected = reader.Read7BitEncodedInt64(),
        Value = reader.Read7BitEncodedInt64(),
        Begin = reader.Read7BitEncodedInt64(),
    };

    private static Operation ReadReturn(BinaryReader reader, Operation call)
    {
        var (ending, value) = ((Ending)reader.ReadByte(), reader.Read7BitEncodedInt64());
        return call with
        {
            Ending = ending,
            Value = call.Kind == OperationKind.Read ? value : call.Value,
            Version = reader.Read7BitEncodedInt64(),
            Existed = reader.ReadBoolean(),
            View = reader.Read7BitEncodedInt64(),
            End = reader.Read7BitEncodedInt64(),
        };
    }
}
