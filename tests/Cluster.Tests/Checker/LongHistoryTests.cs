namespace OrleansCache.Cluster;

/// <summary>A key that everybody wants, and the files that histories are kept in.</summary>
public sealed class LongHistoryTests
{
    [Fact]
    public void A_hot_key_with_a_hundred_thousand_calls_is_checked_in_seconds()
    {
        var history = new SimulatedRegister(1) { UnknownEndings = 2 }.Run(workers: 50, callsEach: 2_000);
        var clock = TimeProvider.System;
        var began = clock.GetTimestamp();

        Assert.Equal([], RegisterChecker.Check(history));
        Assert.InRange(clock.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void A_history_comes_back_from_its_files_as_it_was()
    {
        var folder = Directory.CreateTempSubdirectory("oc-history-");
        try
        {
            var clock = new ManualTimeProvider();
            var (first, second) = (Path.Combine(folder.FullName, "1"), Path.Combine(folder.FullName, "2"));
            using (var writer = new HistoryWriter(first, 1, clock))
            {
                var write = writer.Call(new() { Worker = 3, Key = 7, Kind = OperationKind.Write, Value = 42, Guard = Guard.IfVersion, Expected = 9 });
                clock.Advance(TimeSpan.FromTicks(5));
                var read = writer.Call(new() { Worker = 4, Key = 7, Kind = OperationKind.Read });
                writer.Return(read, new(Ending.Ok, Version: 9, Value: 41, View: 2));
                writer.Return(write, new(Ending.Refused, Version: 9));
            }
            using (var writer = new HistoryWriter(second, 2, clock))
                writer.Call(new() { Worker = 1, Key = 8, Kind = OperationKind.Remove });

            var history = History.Read([first, second]).Operations;

            Assert.Equal(
                [
                    new() { Process = 1, Worker = 3, Key = 7, Kind = OperationKind.Write, Value = 42, Guard = Guard.IfVersion, Expected = 9, Begin = 0, End = 5, Ending = Ending.Refused, Version = 9 },
                    new() { Process = 1, Worker = 4, Key = 7, Kind = OperationKind.Read, Begin = 5, End = 5, Ending = Ending.Ok, Value = 41, Version = 9, View = 2 },
                    new() { Process = 2, Worker = 1, Key = 8, Kind = OperationKind.Remove, Begin = 5 },
                ],
                history);
            File.WriteAllBytes(first, File.ReadAllBytes(first)[..^3]);
            Assert.Equal(Ending.Unknown, HistoryFile.Read(first)[0].Ending);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
